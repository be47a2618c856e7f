import type { Command } from 'commander'
import { connect } from '../client/connection.ts'
import { findRepository } from '../client/git-remote.ts'
import { Exit } from '../errors.ts'
import { exitCodeOf, followTask } from '../follow-task.ts'
import { presentTask } from '../present/task-page.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { parseCredits } from './parse-credits.ts'
import { parseMultiplier } from './parse-multiplier.ts'
import { readPrompt } from './read-prompt.ts'

interface CreateOptions {
  fromFile?: string
  repo?: string
  base?: string
  customAgent?: string
  model?: string
  agent?: string
  head?: string
  pr?: boolean
  maxAiCredits?: number
  maxMultiplier?: number
  pushUnfinished?: boolean
  follow?: boolean
}

export function addCreateCommand(program: Command, terminal: Terminal): void {
  program
    .command('create')
    .summary('start a task')
    .description('Start a task: an agent works on the prompt in a repository.')
    .argument('[prompt]', 'what is to be done')
    .option('-F, --from-file <file>', 'read the prompt from a file, or from standard input with -')
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .option('-b, --base <branch>', 'the branch to start from (default: the default branch)')
    .option('-a, --custom-agent <name>', 'a custom agent of the repository')
    .option('-m, --model <id>', 'the model; `script` needs none and runs the prompt itself')
    .option('--agent <name>', "the agent that works on it (default: the model's)")
    .option('--head <branch>', 'work on this existing branch instead of a new one')
    .option('--pr', 'open a draft pull request')
    .option('--max-ai-credits <number>', 'what it may cost; then it waits', parseCredits)
    .option('--max-multiplier <number>', 'the dearest multiplier of a model', parseMultiplier)
    .option('--push-unfinished', 'push what there is if it waits for too long')
    .option('--follow', 'print what happens until the task has ended')
    .addHelpText(
      'after',
      examples(
        'errand create "Replace moment by date-fns" --pr --follow',
        'errand create -F prompt.md -R me/shop -b main -m claude-sonnet-5',
        'errand create "Fix the flaky login test" -m claude-sonnet-5 --agent claude-code',
        'echo "Fix the flaky login test" | errand create -F -',
      ),
    )
    .action((prompt: string | undefined, options: CreateOptions) =>
      create(terminal, prompt, options),
    )
}

async function create(
  terminal: Terminal,
  argument: string | undefined,
  options: CreateOptions,
): Promise<void> {
  const prompt = await readPrompt(terminal, argument, options.fromFile)
  const client = connect(terminal)
  const params = await findRepository(options.repo, terminal.cwd)
  const task = await client.call('createTask', {
    params,
    body: {
      prompt,
      create_pull_request: options.pr === true,
      ...(options.model !== undefined && { model: options.model }),
      ...(options.agent !== undefined && { agent: options.agent }),
      ...(options.customAgent !== undefined && { custom_agent: options.customAgent }),
      ...(options.base !== undefined && { base_ref: options.base }),
      ...(options.head !== undefined && { head_ref: options.head }),
      ...(options.maxAiCredits !== undefined && { max_ai_credits: options.maxAiCredits }),
      ...(options.maxMultiplier !== undefined && { max_multiplier: options.maxMultiplier }),
      ...(options.pushUnfinished === true && { push_unfinished: true }),
    },
    signal: terminal.signal,
  })
  terminal.out(`${printableLine(task.html_url ?? task.id)}\n`)
  if (options.follow !== true) return
  const ended = await followTask(terminal, client, task.id)
  terminal.out(`\n${presentTask(terminal, ended, `${params.owner}/${params.repo}`)}\n`)
  if (ended.state !== 'completed') throw new Exit(exitCodeOf(ended.state))
}
