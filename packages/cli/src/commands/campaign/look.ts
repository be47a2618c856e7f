import type { Campaign, CampaignTargetState } from '@errand/contract'
import type { Command } from 'commander'
import { connect } from '../../client/connection.ts'
import { readCampaignTargets } from '../../client/read-campaign-targets.ts'
import { findCampaign, latestCampaigns } from '../../client/find-campaign.ts'
import { UserError } from '../../errors.ts'
import { describeCampaignCounts, summarizeCampaign } from '../../present/campaign.ts'
import { paintState } from '../../terminal/colours.ts'
import { formatAge } from '../../terminal/duration.ts'
import { printJson } from '../../terminal/json-output.ts'
import { printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import { followOnServer } from './follow.ts'

interface JsonOptions {
  json?: boolean
  jq?: string
}

/** What only looks: `list` and `view`. */
export function addCampaignLookCommands(group: Command, terminal: Terminal): void {
  group
    .command('list')
    .summary('list your campaigns')
    .description('List your campaigns on the server, the latest first.')
    .option('-L, --limit <n>', 'how many at most', parseCount, 30)
    .option('--json', 'print them as JSON')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .addHelpText(
      'after',
      examples(
        'errand campaign list',
        `errand campaign list --json --jq '.[] | select(.status == "paused") | .name'`,
      ),
    )
    .action((options: JsonOptions & { limit: number }) => list(terminal, options))
  group
    .command('view')
    .summary('show a campaign')
    .description('Show where a campaign stands, and what became of each repository.')
    .argument('[campaign]', 'its name or id (default: the latest)')
    .option('--follow', 'tell what changes, until nothing is left to do')
    .option('--json', 'print it as JSON, its repositories as `targets`')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .addHelpText(
      'after',
      examples(
        'errand campaign view',
        'errand campaign view date-fns --follow',
        `errand campaign view --json --jq '.targets[] | select(.state == "failed") | .repository.full_name'`,
      ),
    )
    .action((name: string | undefined, options: JsonOptions & { follow?: boolean }) =>
      view(terminal, name, options),
    )
}

async function list(terminal: Terminal, options: JsonOptions & { limit: number }): Promise<void> {
  const campaigns: Campaign[] = []
  for await (const campaign of latestCampaigns(connect(terminal), options.limit, terminal.signal)) {
    campaigns.push(campaign)
  }
  if (wantsJson(options)) return printJson(terminal, campaigns, options.jq)
  if (!terminal.isInteractive) {
    const rows = campaigns.map(({ id, name, status, counts, created_at }) =>
      [id, printableLine(name), status, counts.completed, counts.total, created_at].join('\t'),
    )
    return terminal.out(rows.map((row) => `${row}\n`).join(''))
  }
  if (campaigns.length === 0) return terminal.err('No campaigns.\n')
  const rows = campaigns.map((campaign) => [
    printableLine(campaign.name),
    campaign.id.slice(0, 8),
    campaign.status,
    describeCampaignCounts(campaign),
    formatAge(campaign.created_at, terminal.now()),
  ])
  const heading = ['NAME', 'ID', 'STATUS', 'TASKS', 'CREATED']
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}

async function view(
  terminal: Terminal,
  name: string | undefined,
  options: JsonOptions & { follow?: boolean },
): Promise<void> {
  const client = connect(terminal)
  const campaign = await findCampaign(client, name, terminal.signal)
  if (options.follow === true) {
    if (wantsJson(options)) throw new UserError('--follow and --json do not go together.')
    return followOnServer(terminal, client, campaign)
  }
  const targets = await readCampaignTargets(client, campaign.id, terminal.signal)
  if (wantsJson(options)) return printJson(terminal, { ...campaign, targets }, options.jq)
  showTargets(terminal, targets)
  if (terminal.isInteractive) terminal.out(`\n${summarizeCampaign(campaign, terminal.now())}`)
}

function showTargets(terminal: Terminal, targets: readonly CampaignTargetState[]): void {
  const rows = targets.map(({ repository, wave, state, pull, error, problems }) => [
    printableLine(repository.full_name),
    String(wave),
    state === 'pending' || state === 'skipped' ? state : paintState(terminal.paint, state),
    pull?.number === undefined ? '' : `#${pull.number} ${pull.state}`,
    printableLine([error?.message ?? pull?.html_url ?? '', ...problems].join('; ')),
  ])
  if (!terminal.isInteractive) {
    return terminal.out(rows.map((row) => `${row.join('\t')}\n`).join(''))
  }
  const heading = ['REPOSITORY', 'WAVE', 'STATE', 'PULL REQUEST', '']
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}

/** Throws `UserError` when there is no JSON for `--jq` to work on. */
function wantsJson({ json, jq }: JsonOptions): boolean {
  if (jq !== undefined && json !== true) throw new UserError('--jq works on JSON: add --json.')
  return json === true
}
