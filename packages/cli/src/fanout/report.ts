import { countProgress, describeCounts, groupOf } from './count-progress.ts'
import { type CampaignState } from './journal.ts'
import { type Progress } from './progress.ts'

export const reportFormats = ['markdown', 'json', 'csv'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** What became of each repository, for a ticket, a script or a spreadsheet. */
export function presentReport(state: CampaignState, format: ReportFormat): string {
  const report = reportOf(state)
  if (format === 'csv') return presentCsv(report.repositories)
  if (format === 'markdown') return presentMarkdown(report)
  return `${JSON.stringify(report, undefined, 2)}\n`
}

/** The report as JSON has it: the campaign, its sums, and each repository. */
export function reportOf(state: CampaignState) {
  return { ...summaryOf(state), repositories: [...state.progress.values()].map(toRow) }
}

type Report = ReturnType<typeof reportOf>

/** A campaign and its sums. */
export function summaryOf({ campaign, progress }: CampaignState) {
  return {
    name: campaign.campaign.name,
    id: campaign.id,
    server: campaign.server,
    created_at: campaign.at,
    counts: countProgress(progress.values()),
  }
}

function presentCsv(rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '')))
  return [columns, ...cells].map((line) => `${line.map(csvCell).join(',')}\n`).join('')
}

const columns = [
  'repository',
  'state',
  'pull_request_url',
  'task_url',
  'seconds',
  'reason',
  'problems',
] as const
type Row = Record<(typeof columns)[number], string | number | null | readonly string[]>

function toRow(progress: Progress): Row {
  return {
    repository: progress.repository,
    state: groupOf(progress),
    pull_request_url: progress.pullUrl ?? null,
    task_url: progress.url ?? null,
    seconds: progress.seconds ?? null,
    reason: progress.reason ?? null,
    problems: progress.problems ?? [],
  }
}

function presentMarkdown({ name, counts, repositories: rows }: Report): string {
  const lines = rows.map((row) => {
    const pull = row.pull_request_url === null ? '' : String(row.pull_request_url)
    const cells = [row.repository, row.state, pull, row.reason].map((cell) => String(cell ?? ''))
    return `| ${cells.map(markdownCell).join(' | ')} |`
  })
  return [
    `# ${name}`,
    '',
    `${describeCounts(counts)}, of ${rows.length}.`,
    '',
    '| repository | state | pull request | reason |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

function markdownCell(value: string): string {
  return value.replace(/\s+/g, ' ').replace(/[\\|<>`*_[\]]/g, (character) => `\\${character}`)
}

/** A spreadsheet runs what begins like a formula. */
function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
