import { spentNano } from './budget.ts'
import { countProgress, groupOf } from './count-progress.ts'
import { creditsOf } from './describe-cost.ts'
import { type FanoutForecast, forecastOf } from './forecast.ts'
import type { PullState } from './find-pull-state.ts'
import type { Progress } from './progress.ts'
import { stateOfChecks } from './read-checks.ts'
import { presentCsv } from './report-csv.ts'
import { presentHtml } from './report-html.ts'
import { presentMarkdown } from './report-markdown.ts'
import type { WatchedCampaign } from './watched-campaign.ts'

export const reportFormats = ['markdown', 'json', 'csv', 'html'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** The pull requests as the forge has them now, by repository; none where it was not asked. */
export type PullStates = ReadonlyMap<string, PullState>

/** What became of each repository, for a ticket, a script, a spreadsheet or a browser. */
export function presentReport(
  state: WatchedCampaign,
  format: ReportFormat,
  pulls: PullStates = new Map(),
): string {
  const report = reportOf(state, pulls)
  if (format === 'csv') return presentCsv(report.repositories)
  if (format === 'markdown') return presentMarkdown(report)
  if (format === 'html') return presentHtml(report)
  return `${JSON.stringify(report, undefined, 2)}\n`
}

/** The report as JSON has it: the campaign, its sums, and each repository. */
export function reportOf(state: WatchedCampaign, pulls: PullStates = new Map()) {
  const repositories = [...state.progress.values()].map((progress) =>
    toRow(progress, pulls.get(progress.repository)),
  )
  return { ...summaryOf(state), repositories }
}

export type Report = ReturnType<typeof reportOf>

/** A campaign and its sums. */
export function summaryOf({ campaign, progress, maxAiCredits, spentNano: told }: WatchedCampaign) {
  return {
    name: campaign.campaign.name,
    id: campaign.id,
    server: campaign.server,
    created_at: campaign.at,
    counts: countProgress(progress.values()),
    ai_credits: creditsOf(told ?? spentNano(progress.values())),
    ...(maxAiCredits === undefined ? {} : { max_ai_credits: maxAiCredits }),
    forecast: presentForecast(forecastOf([...progress.values()])),
  }
}

function presentForecast({ remaining, seconds, nano }: FanoutForecast) {
  return {
    remaining,
    ...(seconds === undefined ? {} : { seconds }),
    ...(nano === undefined ? {} : { ai_credits: creditsOf(nano) }),
  }
}

export type ReportRow = ReturnType<typeof toRow>

/** Null is what is not known, or not there. */
function toRow(progress: Progress, pull: PullState | undefined) {
  const { usage } = progress
  const amount = (type: string): number | undefined =>
    usage?.type === type ? usage.amount : undefined
  const nano = amount('ai_credits')
  return {
    repository: progress.repository,
    state: groupOf(progress),
    pull_request_url: progress.pullUrl ?? null,
    pull_request_title: pull?.title ?? null,
    pull_request_state: pull?.state ?? null,
    checks: pull?.checks === undefined ? null : stateOfChecks(pull.checks),
    ai_credits: nano === undefined ? null : creditsOf(nano),
    premium_requests: amount('premium_requests') ?? null,
    task_url: progress.url ?? null,
    sent_at: progress.sentAt ?? null,
    seconds: progress.seconds ?? null,
    reason: progress.reason ?? null,
    problems: progress.problems ?? [],
  }
}
