import type { Command } from 'commander'
import { explainError, UserError } from '../../errors.ts'
import { countProgress, describeCounts, groupOf } from '../../fanout/count-progress.ts'
import {
  type CampaignState,
  journalPath,
  listCampaigns,
  readJournal,
} from '../../fanout/journal.ts'
import { reportOf, summaryOf } from '../../fanout/report.ts'
import { watchCampaign } from '../../fanout/watch-campaign.ts'
import { paintState } from '../../terminal/colours.ts'
import { formatDuration } from '../../terminal/duration.ts'
import { printJson } from '../../terminal/json-output.ts'
import { printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { connectToCampaign } from './connect-to-campaign.ts'
import { findJournal } from './find-journal.ts'

/** What only looks at campaigns: `status` and `list`. */
export function addLookCommands(fanout: Command, terminal: Terminal): void {
  fanout
    .command('status')
    .summary('show each repository of a campaign')
    .description('Show what became of each repository, as the journal has it.')
    .argument('[campaign]', 'its name (default: the latest)')
    .addHelpText(
      'after',
      examples(
        'errand fanout status',
        'errand fanout status --watch',
        'errand fanout status dates | grep failed',
        `errand fanout status --json --jq '.repositories[].pull_request_url'`,
      ),
    )
    .option('-w, --watch', 'follow it until all has ended')
    .option('--json', 'print it as JSON')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .action(async (name: string | undefined, options: JsonOptions & { watch?: boolean }) => {
      const path = await findJournal(terminal, name)
      if (options.watch === true) return watch(terminal, path, options)
      const state = await readJournal(path)
      if (wantsJson(options)) return printJson(terminal, reportOf(state), options.jq)
      return showStatus(terminal, state)
    })
  fanout
    .command('list')
    .summary('list your campaigns')
    .description('List the campaigns begun on this machine, the latest first.')
    .addHelpText('after', examples('errand fanout list', 'errand fanout list --json'))
    .option('--json', 'print them as JSON')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .action((options: JsonOptions) => list(terminal, options))
}

async function watch(terminal: Terminal, path: string, options: JsonOptions): Promise<void> {
  if (wantsJson(options)) throw new UserError('--watch and --json cannot be had together.')
  const { campaign } = await readJournal(path)
  const client = connectToCampaign(terminal, campaign)
  const { progress } = await watchCampaign(terminal, client, path)
  terminal.out(`${describeCounts(countProgress(progress.values()))}\n`)
}

interface JsonOptions {
  json?: boolean
  jq?: string
}

/** Throws `UserError` when there is no JSON for `--jq` to work on. */
function wantsJson({ json, jq }: JsonOptions): boolean {
  if (jq !== undefined && json !== true) throw new UserError('--jq works on JSON: add --json.')
  return json === true
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

async function list(terminal: Terminal, options: JsonOptions): Promise<void> {
  const { environment } = terminal
  const states: CampaignState[] = []
  for (const name of await listCampaigns(environment)) {
    const state = await readOrReport(terminal, journalPath(environment, name))
    if (state !== undefined) states.push(state)
  }
  if (wantsJson(options)) return printJson(terminal, states.map(summaryOf), options.jq)
  const rows = states.map(({ campaign, progress }) => {
    const counts = describeCounts(countProgress(progress.values()))
    return [campaign.campaign.name, String(progress.size), counts, campaign.at]
  })
  if (!terminal.isInteractive) {
    terminal.out(rows.map((row) => `${row.join('\t')}\n`).join(''))
  } else if (rows.length > 0) {
    const heading = ['NAME', 'REPOSITORIES', 'STATES', 'BEGUN']
    terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
  } else terminal.err('No campaigns.\n')
}

/** One journal that is none must not hide the others. */
async function readOrReport(terminal: Terminal, path: string): Promise<CampaignState | undefined> {
  try {
    return await readJournal(path)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    terminal.err(`${explainError(error).message}\n`)
    return undefined
  }
}
