import { type Command, Option } from 'commander'
import { countProgress, describeCounts, groupOf } from '../../fanout/count-progress.ts'
import {
  type CampaignState,
  journalPath,
  listCampaigns,
  readJournal,
} from '../../fanout/journal.ts'
import { presentReport, type ReportFormat, reportFormats } from '../../fanout/report.ts'
import { paintState } from '../../terminal/colours.ts'
import { formatDuration } from '../../terminal/duration.ts'
import { printable, printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import { type Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { findJournal } from './find-journal.ts'

/** What only looks at campaigns: `status`, `list` and `report`. */
export function addLookCommands(fanout: Command, terminal: Terminal): void {
  fanout
    .command('status')
    .summary('show each repository of a campaign')
    .description('Show what became of each repository, as the journal has it.')
    .argument('[campaign]', 'its name (default: the latest)')
    .addHelpText(
      'after',
      examples('errand fanout status', 'errand fanout status dates | grep failed'),
    )
    .action(async (name: string | undefined) => {
      showStatus(terminal, await readJournal(await findJournal(terminal, name)))
    })
  fanout
    .command('list')
    .summary('list your campaigns')
    .description('List the campaigns begun on this machine, the latest first.')
    .addHelpText('after', examples('errand fanout list'))
    .action(() => list(terminal))
  fanout
    .command('report')
    .summary('report what became of a campaign')
    .description('Print a report on a campaign.')
    .argument('[campaign]', 'its name (default: the latest)')
    .addHelpText(
      'after',
      examples('errand fanout report > report.md', 'errand fanout report dates --format csv'),
    )
    .addOption(new Option('--format <format>', 'how').choices(reportFormats).default('markdown'))
    .action(async (name: string | undefined, { format }: { format: ReportFormat }) => {
      const state = await readJournal(await findJournal(terminal, name))
      terminal.out(printable(presentReport(state, format)))
    })
}

function showStatus(terminal: Terminal, { campaign, progress }: CampaignState): void {
  const rows = [...progress.values()].map((item) => [
    printableLine(item.repository),
    item.state === undefined ? groupOf(item) : paintState(terminal.paint, item.state),
    item.seconds === undefined ? '' : formatDuration(item.seconds * 1000),
    printableLine(item.pullUrl ?? item.reason ?? ''),
  ])
  const heading = ['REPOSITORY', 'STATE', 'TIME', 'PULL REQUEST']
  terminal.out(
    terminal.isInteractive
      ? `${formatTable([heading, ...rows], terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
  const counts = describeCounts(countProgress(progress.values()))
  if (terminal.isInteractive) terminal.out(`\n${campaign.campaign.name}: ${counts}\n`)
}

async function list(terminal: Terminal): Promise<void> {
  const rows: string[][] = []
  for (const name of await listCampaigns(terminal.environment)) {
    const state = await readJournal(journalPath(terminal.environment, name))
    const counts = describeCounts(countProgress(state.progress.values()))
    rows.push([name, String(state.progress.size), counts, state.campaign.at])
  }
  if (!terminal.isInteractive) {
    terminal.out(rows.map((row) => `${row.join('\t')}\n`).join(''))
  } else if (rows.length > 0) {
    const heading = ['NAME', 'REPOSITORIES', 'STATES', 'BEGUN']
    terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
  } else terminal.err('No campaigns.\n')
}
