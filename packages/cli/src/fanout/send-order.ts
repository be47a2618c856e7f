import { askBudget } from './budget.ts'
import type { Campaign } from './campaign.ts'
import { hasOutcome, isFailure, isGood, type Progress } from './progress.ts'

/** Of a campaign that is being sent, what decides whether another task may go out. */
export interface SendOrder {
  campaign: Pick<Campaign, 'canary' | 'concurrency' | 'stop_after_failures' | 'create_pull_request'>
  progress: Iterable<Progress>
  /** Being sent at this moment. */
  sending: ReadonlySet<string>
  /** The canary's tasks were looked at, and the rest may follow. */
  isCanaryPassed: boolean
  /** By the repository, the attempt that was over when somebody had it go on: no failure stops it twice. */
  overAtResume?: ReadonlyMap<string, number>
  /** What all tasks together may cost, in AI credits. */
  maxAiCredits?: number | undefined
  /** Nothing but what is begun anew: what was never sent stays so. */
  isRetry?: boolean
}

export type Next =
  | { type: 'send'; progress: Progress }
  /** Others have to end first. */
  | { type: 'wait' }
  /** The canary's tasks are good: somebody has to say that the rest may follow. */
  | { type: 'ask'; good: number; left: number }
  | { type: 'stop'; reason: string }
  /** There is nothing left to send. */
  | { type: 'done' }

/** Percents of fewer tasks than this say nothing. */
const fewestForPercent = 10

/** What is to be done next, by the rules the campaign was given. */
export function nextToSend(order: SendOrder): Next {
  const { campaign, sending, isCanaryPassed } = order
  const all = [...order.progress]
  // What was begun before a restart and may have arrived goes first, whatever the rules: it must be found.
  const begun = all.find(({ step, repository }) => step === 'sending' && !sending.has(repository))
  if (begun !== undefined) return { type: 'send', progress: begun }
  const planned = all.filter(
    ({ step, repository, attempt }) =>
      step === 'planned' && !sending.has(repository) && (attempt > 1 || order.isRetry !== true),
  )
  const [first] = planned
  if (first === undefined) return { type: 'done' }
  const counted = all.filter(
    (progress) =>
      hasOutcome(progress) && order.overAtResume?.get(progress.repository) !== progress.attempt,
  )
  const stop = stopReason(campaign, counted)
  if (stop !== undefined) return { type: 'stop', reason: stop }
  const open =
    sending.size +
    all.filter(({ step, repository }) => step === 'open' && !sending.has(repository)).length
  if (open >= (campaign.concurrency ?? Number.POSITIVE_INFINITY)) return { type: 'wait' }
  if (order.maxAiCredits !== undefined) {
    const verdict = askBudget(order.maxAiCredits, all, open)
    if (verdict.type !== 'send') return verdict
  }
  if (campaign.canary !== undefined && !isCanaryPassed) {
    if (counted.some(isFailure)) return { type: 'stop', reason: 'a task of the canary failed' }
    // Only what was never sent has to wait for the canary.
    if (order.isRetry === true) return { type: 'send', progress: first }
    const good = all.filter((progress) => isGood(progress, campaign.create_pull_request)).length
    if (good >= campaign.canary) return { type: 'ask', good, left: planned.length }
    if (good + open >= campaign.canary) return { type: 'wait' }
  }
  return { type: 'send', progress: first }
}

function stopReason(
  { stop_after_failures: limit }: SendOrder['campaign'],
  over: readonly Progress[],
): string | undefined {
  if (limit === undefined) return undefined
  const failures = over.filter(isFailure).length
  if (typeof limit === 'number') {
    return failures >= limit ? `${failures} tasks failed` : undefined
  }
  const percent = (100 * failures) / over.length
  return over.length >= fewestForPercent && percent >= Number.parseInt(limit, 10)
    ? `${failures} of ${over.length} tasks failed, ${limit} or more`
    : undefined
}
