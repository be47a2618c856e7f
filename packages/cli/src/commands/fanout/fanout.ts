import { type Command } from 'commander'
import { beyondGitHub } from '../../client/beyond-github.ts'
import { type Journal, openJournal, readJournal } from '../../fanout/journal.ts'
import { isFailure } from '../../fanout/progress.ts'
import { printableLine } from '../../terminal/printable.ts'
import { type Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCredits } from '../parse-credits.ts'
import { addAnswerCommand } from './answer.ts'
import { addCloseCommand } from './close.ts'
import { connectToCampaign } from './connect-to-campaign.ts'
import { findJournal } from './find-journal.ts'
import { followCampaign } from './follow.ts'
import { addLookCommands } from './look.ts'
import { addMergeCommand } from './merge.ts'
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
  })
  addGoOnCommand(fanout, terminal, {
    name: 'retry',
    summary: 'begin failed tasks anew',
    description: 'Begin each task of a campaign that failed or was refused anew, and follow them.',
    prepare: retryFailed,
  })
  addAnswerCommand(fanout, terminal)
  fanout
    .command('cancel')
    .summary('cancel the open tasks of a campaign')
    .description('Cancel every task of a campaign that has not ended. What was not sent stays so.')
    .argument('[campaign]', 'its name (default: the latest)')
    .addHelpText('after', examples('errand fanout cancel', 'errand fanout cancel dates'))
    .action((name: string | undefined) => cancel(terminal, name))
  addMergeCommand(fanout, terminal)
  addCloseCommand(fanout, terminal)
  addLookCommands(fanout, terminal)
}

interface GoOnCommand {
  name: string
  summary: string
  description: string
  prepare?: (journal: Journal) => Promise<void>
}

interface GoOnOptions {
  yes?: boolean
  maxAiCredits?: number
}

function addGoOnCommand(fanout: Command, terminal: Terminal, command: GoOnCommand): void {
  const { name, summary, description, prepare } = command
  fanout
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
      await prepare?.(journal)
      await followCampaign(terminal, journal, options.yes === true)
    })
}

async function retryFailed(journal: Journal): Promise<void> {
  for (const { repository, attempt } of [...journal.progress.values()].filter(isFailure)) {
    await journal.append({ type: 'retry', repository, attempt: attempt + 1 })
  }
}

async function cancel(terminal: Terminal, name: string | undefined): Promise<void> {
  const state = await readJournal(await findJournal(terminal, name))
  const client = connectToCampaign(terminal, state.campaign)
  for (const { step, taskId, repository } of state.progress.values()) {
    if (step !== 'open' || taskId === undefined) continue
    const call = client.call('cancelTask', {
      params: { task_id: taskId },
      signal: terminal.signal,
    })
    await beyondGitHub('cancel a task', call)
    terminal.out(`${printableLine(repository)}  cancelled\n`)
  }
}
