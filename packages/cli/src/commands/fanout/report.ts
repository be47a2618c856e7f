import { createPace } from '@errand/contract'
import { type Command, Option } from 'commander'
import { explainError } from '../../errors.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import {
  presentReport,
  type PullStates,
  type ReportFormat,
  reportFormats,
} from '../../fanout/report.ts'
import { readAllPulls } from '../../fanout/watch-pulls.ts'
import { printable } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import type { CampaignSource, OpenCampaign } from './campaign-source.ts'

export function addReportCommand(group: Command, terminal: Terminal, source: CampaignSource): void {
  const { command } = source
  group
    .command('report')
    .summary('report what became of a campaign')
    .description('Print a report on a campaign.')
    .argument('[campaign]', source.argument)
    .addHelpText(
      'after',
      examples(
        `${command} report > report.md`,
        `${command} report dates --format html > report.html`,
        `${command} report --format csv --offline`,
      ),
    )
    .addOption(new Option('--format <format>', 'how').choices(reportFormats).default('markdown'))
    .option('--offline', 'do not ask the forge about pull requests and checks')
    .action((name: string | undefined, options: ReportOptions) =>
      report(terminal, source, name, options),
    )
}

interface ReportOptions {
  format: ReportFormat
  offline?: boolean
}

async function report(
  terminal: Terminal,
  source: CampaignSource,
  name: string | undefined,
  { format, offline }: ReportOptions,
): Promise<void> {
  const campaign = await source.open(terminal, name)
  const pulls = offline === true ? new Map() : await findPulls(terminal, campaign)
  terminal.out(printable(presentReport(campaign.state, format, pulls)))
}

/** What the forge has by now; without it, the report has what the campaign knows. */
async function findPulls(
  terminal: Terminal,
  { state, connect }: OpenCampaign,
): Promise<PullStates> {
  const { signal } = terminal
  const parts = [...state.progress.values()].filter(({ pullUrl }) => pullUrl !== undefined)
  if (parts.length === 0) return new Map()
  try {
    const client = connect()
    const onWait = (reason: string) => terminal.err(`${reason}\n`)
    const isErrand = await isErrandServer(client, { signal, onWait })
    return await readAllPulls({ client, signal, pace: createPace(isErrand) }, parts)
  } catch (error) {
    signal.throwIfAborted()
    terminal.err(`Without the state of pull requests: ${explainError(error).message}\n`)
    return new Map()
  }
}
