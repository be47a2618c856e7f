import type { Command } from 'commander'
import { requireErrandFor } from '../../client/beyond-github.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import { eachOf, requireNoneRefused } from '../../fanout/each-of.ts'
import { type Journal, openJournal } from '../../fanout/journal.ts'
import { isFailure } from '../../fanout/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCredits } from '../parse-credits.ts'
import { addAnswerCommand } from './answer.ts'
import { addCloseCommand } from './close.ts'
import { journalSource } from './campaign-source.ts'
import { findJournal } from './find-journal.ts'
import { followCampaign } from './follow.ts'
import { addLookCommands } from './look.ts'
import { addMergeCommand } from './merge.ts'
import { addReportCommand } from './report.ts'
import { addRunCommand, runExamples } from './run.ts'

export function addFanoutCommand(program: Command, terminal: Terminal): void {
  const fanout = program
    .command('fanout')
    .summary('send one prompt to many repositories')
    .description(
      'Send one prompt to many repositories, and follow what becomes of each. What was sent is kept in a journal: an interrupted campaign is taken up again where it was.',
    )
    .addHelpText(
      'after',
      examples(...runExamples, 'errand fanout resume', 'errand fanout report --format markdown'),
    )
  addRunCommand(fanout, terminal)
  addGoOnCommand(fanout, terminal, {
    name: 'resume',
    summary: 'go on with a campaign',
    description: 'Send what is left of a campaign, and follow it to its end.',
    isRetry: false,
  })
  addGoOnCommand(fanout, terminal, {
    name: 'retry',
    summary: 'begin failed tasks anew',
    description: 'Begin each task of a campaign that failed or was refused anew, and follow them.',
    isRetry: true,
    extend: (command) =>
      command.option('--failed', 'only what failed or was refused, which is the default'),
  })
  addAnswerCommand(fanout, terminal, journalSource)
  fanout
    .command('cancel')
    .summary('cancel the open tasks of a campaign')
    .description('Cancel every task of a campaign that has not ended. What was not sent stays so.')
    .argument('[campaign]', 'its name (default: the latest)')
    .addHelpText('after', examples('errand fanout cancel', 'errand fanout cancel dates'))
    .action((name: string | undefined) => cancel(terminal, name))
  addMergeCommand(fanout, terminal, journalSource)
  addCloseCommand(fanout, terminal, journalSource)
  addLookCommands(fanout, terminal)
  addReportCommand(fanout, terminal, journalSource)
}

interface GoOnCommand {
  name: string
  summary: string
  description: string
  isRetry: boolean
  extend?: (command: Command) => Command
}

interface GoOnOptions {
  yes?: boolean
  maxAiCredits?: number
}

function addGoOnCommand(fanout: Command, terminal: Terminal, command: GoOnCommand): void {
  const { name, summary, description, isRetry, extend } = command
  const added = fanout
    .command(name)
    .summary(summary)
    .description(description)
    .argument('[campaign]', 'its name (default: the latest)')
    .option('-y, --yes', 'do not ask after the canary')
    .option(
      '--max-ai-credits <n>',
      'what all its tasks together may cost from now on',
      parseCredits,
    )
    .addHelpText('after', examples(`errand fanout ${name}`, `errand fanout ${name} dates --yes`))
    .action(async (campaign: string | undefined, options: GoOnOptions) => {
      await using journal = await openJournal(await findJournal(terminal, campaign))
      if (options.maxAiCredits !== undefined) {
        await journal.append({ type: 'budget', max_ai_credits: options.maxAiCredits })
      }
      await (isRetry ? retryFailed(journal) : countFailuresAnew(journal))
      await followCampaign(terminal, journal, { yes: options.yes === true, isRetry })
    })
  extend?.(added)
}

async function retryFailed(journal: Journal): Promise<void> {
  for (const { repository, attempt } of [...journal.progress.values()].filter(isFailure)) {
    await journal.append({ type: 'retry', repository, attempt: attempt + 1 })
  }
}

/** Its failures were told, and may have stopped it: they must not stop it again at once. */
async function countFailuresAnew(journal: Journal): Promise<void> {
  if ([...journal.progress.values()].some(isFailure)) await journal.append({ type: 'resumed' })
}

async function cancel(terminal: Terminal, name: string | undefined): Promise<void> {
  const { signal } = terminal
  const { state, connect } = await journalSource.open(terminal, name)
  const client = connect()
  const open = [...state.progress.values()].filter(({ step }) => step === 'open')
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  requireErrandFor('cancel a task', await isErrandServer(client, { signal, onWait }))
  const refused = await eachOf(terminal, open, async ({ taskId }) => {
    if (taskId === undefined) return undefined
    await client.call('cancelTask', { params: { task_id: taskId }, signal })
    return 'cancelled'
  })
  requireNoneRefused(terminal, refused)
}
