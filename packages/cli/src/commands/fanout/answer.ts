import type { Client } from '@errand/contract'
import type { Command } from 'commander'
import { sendAnswer } from '../../answer-questions.ts'
import { requireErrandFor } from '../../client/beyond-github.ts'
import { UserError } from '../../errors.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import { eachOf, requireNoneRefused } from '../../fanout/each-of.ts'
import type { Progress } from '../../fanout/progress.ts'
import { readQuestion } from '../../fanout/read-question.ts'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import type { CampaignSource } from './campaign-source.ts'

interface Waiting {
  repository: string
  taskId: string
  question: string
}

export function addAnswerCommand(group: Command, terminal: Terminal, source: CampaignSource): void {
  const { command } = source
  group
    .command('answer')
    .summary('answer what the tasks of a campaign ask')
    .description(
      'Answer the question of one repository, or the same question of all that have asked it.',
    )
    .argument('<text>', 'the answer')
    .argument('[campaign]', source.argument)
    .option('-R, --repo <owner/repo>', 'only the question of this repository')
    .addHelpText(
      'after',
      examples(
        `${command} answer "Keep the old name as an alias"`,
        `${command} answer "Yes" dates -R acme/shop`,
      ),
    )
    .action((text: string, name: string | undefined, { repo }: { repo?: string }) =>
      answer(terminal, source, { text, name, repository: repo }),
    )
}

async function answer(
  terminal: Terminal,
  source: CampaignSource,
  {
    text,
    name,
    repository,
  }: { text: string; name: string | undefined; repository: string | undefined },
): Promise<void> {
  const { signal } = terminal
  const { state, connect } = await source.open(terminal, name)
  const client = connect()
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  requireErrandFor('tell what a task asks', await isErrandServer(client, { signal, onWait }))
  const meant = [...state.progress.values()].filter(
    (one) => repository === undefined || one.repository.toLowerCase() === repository.toLowerCase(),
  )
  const waiting: Waiting[] = []
  const unread = await eachOf(terminal, meant, async (progress) => {
    const found = await findWaiting(client, progress, signal)
    if (found !== undefined) waiting.push(found)
    return undefined
  })
  if (waiting.length === 0 && unread.length === 0)
    throw new UserError('No task of this campaign waits for an answer.')
  if (new Set(waiting.map(({ question }) => question)).size > 1) {
    const questions = waiting.map((one) => `  ${one.repository}: ${printableLine(one.question)}`)
    throw new UserError(`They ask different things:\n${questions.join('\n')}`, {
      remedy: 'Answer them one by one, with --repo.',
    })
  }
  const refused = await eachOf(terminal, waiting, async ({ taskId }) => {
    await sendAnswer(client, taskId, text, signal)
    return 'answered'
  })
  requireNoneRefused(terminal, [...unread, ...refused])
}

async function findWaiting(
  client: Client,
  { step, taskId, repository }: Progress,
  signal: AbortSignal,
): Promise<Waiting | undefined> {
  if (step !== 'open' || taskId === undefined) return undefined
  const { state } = await client.call('getTask', { params: { task_id: taskId }, signal })
  if (state !== 'waiting_for_user') return undefined
  const question = await readQuestion(client, taskId, signal)
  return question === undefined ? undefined : { repository, taskId, question }
}
