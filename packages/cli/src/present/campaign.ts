import type { Campaign, CampaignForecast } from '@errand/contract'
import { formatDuration } from '../terminal/duration.ts'
import { printableLine } from '../terminal/printable.ts'

const groups = [
  'pending',
  'queued',
  'in_progress',
  'waiting_for_user',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'skipped',
] as const

/** `12 queued, 3 in progress, 1 failed`: what there is none of is left out. */
export function describeCampaignCounts({ counts }: Pick<Campaign, 'counts'>): string {
  return groups
    .filter((group) => counts[group] > 0)
    .map((group) => `${counts[group]} ${group.replaceAll('_', ' ')}`)
    .join(', ')
}

/** How long it will take and what it will have cost, or that nothing is known yet. */
export function describeForecast(forecast: CampaignForecast, now: Date): string {
  const { remaining_tasks: remaining, ends_at: endsAt, usage, basis } = forecast
  if (remaining === 0) return 'nothing is left to do'
  if (endsAt === undefined || basis === undefined) {
    return `${tasks(remaining)} to go; nothing like it has ended yet to reckon by`
  }
  const left = formatDuration(Date.parse(endsAt) - now.getTime())
  const cost = usage === undefined ? '' : `, ${formatCredits(usage.amount)} in all`
  const source =
    basis.source === 'campaign'
      ? `the ${basis.tasks} that ended`
      : `the latest ${tasks(basis.tasks)} on this model`
  return `${tasks(remaining)} to go: about ${left}${cost}, by the median of ${source}`
}

/** A few lines, the first thing somebody wants to know at their beginning. */
export function summarizeCampaign(campaign: Campaign, now: Date): string {
  const { name, status, paused, usage, pulls, max_ai_credits: budget } = campaign
  const ofBudget = budget === undefined ? '' : ` of ${budget}`
  const lines = [
    `${printableLine(name)}: ${status.replaceAll('_', ' ')}: ${describeCampaignCounts(campaign)}`,
    ...(paused === undefined ? [] : [printableLine(paused.message)]),
    ...(campaign.held_by_open_pulls === true
      ? ['Some wait for room: too many pull requests are open.']
      : []),
    `pull requests: ${pulls.open} open, ${pulls.merged} merged, ${pulls.closed} closed`,
    `cost: ${formatCredits(usage.amount)}${ofBudget}`,
    ...(status === 'in_progress' || status === 'paused'
      ? [`forecast: ${describeForecast(campaign.forecast, now)}`]
      : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** Nano AI credits as people read them. */
export function formatCredits(nano: number): string {
  const credits = nano / 1e9
  const digits = credits !== 0 && credits < 1 ? 4 : 2
  return `${credits.toFixed(digits).replace(/\.?0+$/, '')} AI credits`
}

function tasks(number: number): string {
  return `${number} task${number === 1 ? '' : 's'}`
}
