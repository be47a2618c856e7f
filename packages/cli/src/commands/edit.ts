import type { Command } from 'commander'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { findTask } from '../client/find-task.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { parseCredits } from './parse-credits.ts'
import { parseMultiplier } from './parse-multiplier.ts'

interface EditOptions {
  repo?: string
  maxAiCredits?: number | null
  maxMultiplier?: number | null
}

export function addEditCommand(program: Command, terminal: Terminal): void {
  program
    .command('edit')
    .summary('change what a task may cost')
    .description(
      'Change what a task may cost. One that waits because its budget is used up goes on when there is room again.',
    )
    .argument('<task>', 'an id, a pull request (URL or number), or a branch')
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .option(
      '--max-ai-credits <number>',
      'what its sessions may cost in all; `none` takes the bound away',
      orNone(parseCredits),
    )
    .option(
      '--max-multiplier <number>',
      'the dearest multiplier of a model; `none` takes the bound away',
      orNone(parseMultiplier),
    )
    .addHelpText('after', examples('errand edit 0b83c4a1 --max-ai-credits 200'))
    .action((task: string, options: EditOptions) => edit(terminal, task, options))
}

async function edit(terminal: Terminal, text: string, options: EditOptions): Promise<void> {
  const { maxAiCredits: credits, maxMultiplier: multiplier, repo } = options
  if (credits === undefined && multiplier === undefined) {
    throw new UserError('Say what to change: --max-ai-credits or --max-multiplier.')
  }
  const client = connect(terminal)
  const { cwd, signal } = terminal
  const task = await findTask(client, text, { cwd, signal, ...(repo && { repository: repo }) })
  const changing = client.call('updateTask', {
    params: { task_id: task.id },
    body: {
      ...(credits !== undefined && { max_ai_credits: credits }),
      ...(multiplier !== undefined && { max_multiplier: multiplier }),
    },
    signal,
  })
  const { state } = await beyondGitHub('change tasks', changing)
  terminal.err(`Changed. The task is ${state.replaceAll('_', ' ')}.\n`)
}

function orNone(parse: (text: string) => number): (text: string) => number | null {
  return (text) => (text === 'none' ? null : parse(text))
}
