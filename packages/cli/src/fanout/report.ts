import { formatDuration } from '../terminal/duration.ts'
import { spentNano } from './budget.ts'
import { countProgress, describeCounts, groupOf } from './count-progress.ts'
import { type FanoutForecast, forecastOf } from './forecast.ts'
import { type CampaignState } from './journal.ts'
import { type Progress } from './progress.ts'
import { presentHtml } from './report-html.ts'

export const reportFormats = ['markdown', 'json', 'csv', 'html'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** What became of each repository, for a ticket, a script or a spreadsheet. */
export function presentReport(state: CampaignState, format: ReportFormat): string {
  const report = reportOf(state)
  if (format === 'csv') return presentCsv(report.repositories)
  if (format === 'markdown') return presentMarkdown(report)
  if (format === 'html') return presentHtml(report)
  return `${JSON.stringify(report, undefined, 2)}\n`
}

/** The report as JSON has it: the campaign, its sums, and each repository. */
export function reportOf(state: CampaignState) {
  return { ...summaryOf(state), repositories: [...state.progress.values()].map(toRow) }
}

export type Report = ReturnType<typeof reportOf>

/** A campaign and its sums. */
export function summaryOf({ campaign, progress, maxAiCredits }: CampaignState) {
  return {
    name: campaign.campaign.name,
    id: campaign.id,
    server: campaign.server,
    created_at: campaign.at,
    counts: countProgress(progress.values()),
    ai_credits: spentNano(progress.values()) / 1e9,
    ...(maxAiCredits === undefined ? {} : { max_ai_credits: maxAiCredits }),
    forecast: presentForecast(forecastOf([...progress.values()])),
  }
}

function presentForecast({ remaining, seconds, nano }: FanoutForecast) {
  return {
    remaining,
    ...(seconds === undefined ? {} : { seconds }),
    ...(nano === undefined ? {} : { ai_credits: nano / 1e9 }),
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
  'ai_credits',
  'reason',
  'problems',
] as const
type Row = ReturnType<typeof toRow> & Record<(typeof columns)[number], unknown>

function toRow(progress: Progress) {
  return {
    repository: progress.repository,
    state: groupOf(progress),
    pull_request_url: progress.pullUrl ?? null,
    task_url: progress.url ?? null,
    seconds: progress.seconds ?? null,
    ai_credits: progress.nano === undefined ? null : progress.nano / 1e9,
    reason: progress.reason ?? null,
    problems: progress.problems ?? [],
  }
}

function presentMarkdown({ name, counts, repositories: rows }: Report): string {
  const lines = rows.map((row) => {
    const credits = row.ai_credits?.toFixed(2)
    const time = row.seconds === null ? '' : formatDuration(row.seconds * 1000)
    const cells = [row.repository, row.state, row.pull_request_url, time, credits, row.reason].map(
      (cell) => cell ?? '',
    )
    return `| ${cells.map(markdownCell).join(' | ')} |`
  })
  return [
    `# ${name}`,
    '',
    `${describeCounts(counts)}, of ${rows.length}.`,
    '',
    '| repository | state | pull request | time | AI credits | reason |',
    '| --- | --- | --- | --- | --- | --- |',
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
