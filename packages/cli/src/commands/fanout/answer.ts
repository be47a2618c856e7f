import { type Client } from '@errand/contract'
import { type Command } from 'commander'
import { sendAnswer } from '../../answer-questions.ts'
import { beyondGitHub } from '../../client/beyond-github.ts'
import { UserError } from '../../errors.ts'
import { type CampaignState, readJournal } from '../../fanout/journal.ts'
import { readQuestion } from '../../fanout/read-question.ts'
import { printableLine } from '../../terminal/printable.ts'
import { type Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { connectToCampaign } from './connect-to-campaign.ts'
import { findJournal } from './find-journal.ts'

interface Waiting {
  repository: string
  taskId: string
  question: string
}

export function addAnswerCommand(fanout: Command, terminal: Terminal): void {
  fanout
    .command('answer')
    .summary('answer what the tasks of a campaign ask')
    .description(
      'Answer the question of one repository, or the same question of all that have asked it.',
    )
    .argument('<text>', 'the answer')
    .argument('[campaign]', 'its name (default: the latest)')
    .option('-R, --repo <owner/repo>', 'only the question of this repository')
    .addHelpText(
      'after',
      examples(
        'errand fanout answer "Keep the old name as an alias"',
        'errand fanout answer "Yes" dates -R acme/shop',
      ),
    )
    .action((text: string, name: string | undefined, { repo }: { repo?: string }) =>
      answer(terminal, text, name, repo),
    )
}

async function answer(
  terminal: Terminal,
  text: string,
  name: string | undefined,
  repository: string | undefined,
): Promise<void> {
  const { signal } = terminal
  const state = await readJournal(await findJournal(terminal, name))
  const client = connectToCampaign(terminal, state.campaign)
  const waiting = (await findWaiting(client, state, signal)).filter(
    (one) => repository === undefined || one.repository.toLowerCase() === repository.toLowerCase(),
  )
  if (waiting.length === 0) throw new UserError('No task of this campaign waits for an answer.')
  if (new Set(waiting.map(({ question }) => question)).size > 1) {
    const questions = waiting.map((one) => `  ${one.repository}: ${printableLine(one.question)}`)
    throw new UserError(`They ask different things:\n${questions.join('\n')}`, {
      remedy: 'Answer them one by one, with --repo.',
    })
  }
  for (const { repository: answered, taskId } of waiting) {
    await sendAnswer(client, taskId, text, signal)
    terminal.out(`${printableLine(answered)}  answered\n`)
  }
}

async function findWaiting(
  client: Client,
  { progress }: CampaignState,
  signal: AbortSignal,
): Promise<Waiting[]> {
  const waiting: Waiting[] = []
  for (const { step, taskId, repository } of progress.values()) {
    if (step !== 'open' || taskId === undefined) continue
    const params = { task_id: taskId }
    const { state } = await client.call('getTask', { params, signal })
    if (state !== 'waiting_for_user') continue
    const question = await beyondGitHub(
      'tell what a task asks',
      readQuestion(client, taskId, signal),
    )
    if (question !== undefined) waiting.push({ repository, taskId, question })
  }
  return waiting
}
