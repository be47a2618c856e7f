import type { CampaignRules, OpenPullCaps, PauseReason } from '@errand/contract'
import { hasEnded, hasFailed, type TargetState } from './target-state.ts'

/** A repository of a campaign as the rules see it. */
export interface TargetNow {
  number: number
  /** From 0. */
  wave: number
  state: TargetState
  repositoryId: number
  /** Logins. */
  reviewers: readonly string[]
}

/** What a campaign is decided by, read in one transaction. */
export interface CampaignNow {
  rules: Pick<CampaignRules, 'pause_after_wave' | 'stop_after_failures' | 'max_open_pulls'>
  concurrency: number
  /** The budget in nano AI credits; infinite without one. */
  maxNano: number
  spentNano: number
  /**
   * What a task will probably cost: what is set aside for those that are open. Undefined while
   * nothing is known, and then a campaign with a budget sends one task at a time.
   */
  expectedNano: number | undefined
  allowedWave: number
  forgivenFailures: number
  targets: readonly TargetNow[]
  /**
   * Pull requests that are open, or that a task at work may still open, of all campaigns: by
   * repository, of this campaign's creator, and by reviewer.
   */
  pulls: {
    byRepository: ReadonlyMap<number, number>
    ofAuthor: number
    byReviewer: ReadonlyMap<string, number>
  }
}

export interface Decision {
  /** The targets to send now, in their order. */
  send: number[]
  /** Why nothing more is sent until somebody says so. */
  pause?: { reason: PauseReason; message: string }
  /** Whether a cap on open pull requests kept one back. */
  heldByOpenPulls: boolean
  /** Whether there is anything left to send or to wait for. */
  isActive: boolean
}

/** Percents of fewer tasks than this say nothing. */
const fewestForPercent = 10

/** What a campaign does next: the one place that knows its rules. Pure, so that it can be proved. */
export function decide(now: CampaignNow): Decision {
  const pending = now.targets.filter(({ state }) => state === 'pending')
  const open = now.targets.filter(({ state }) => isOpen(state))
  const rest: Decision = {
    send: [],
    heldByOpenPulls: false,
    isActive: pending.length + open.length > 0,
  }
  const [next] = pending
  if (next === undefined) return rest
  const pause = pauseBeforeSending(now, open.length)
  if (pause !== undefined) return { ...rest, pause }

  const wave = Math.min(...pending.map((target) => target.wave))
  // A wave is sent when the one before has come to rest.
  if (open.some((target) => target.wave < wave)) return rest
  if (now.rules.pause_after_wave && wave > now.allowedWave) {
    const message = `Wave ${wave} has ended; resume the campaign to send the next.`
    return { ...rest, pause: { reason: 'wave_ended', message } }
  }
  const sendable = pending.filter((target) => target.wave === wave)
  return { ...rest, ...choose(now, sendable, open.length) }
}

/** Takes what slots, budget and caps admit, in order; one that is held does not hold those behind it. */
function choose(
  now: CampaignNow,
  sendable: readonly TargetNow[],
  open: number,
): Pick<Decision, 'send' | 'heldByOpenPulls'> {
  const room = createReviewRoom(now)
  const send: number[] = []
  let heldByOpenPulls = false
  const slots = hasUnknownCost(now) ? Math.min(1, now.concurrency) : now.concurrency
  for (const target of sendable) {
    if (open + send.length >= slots) break
    const reserved = (open + send.length + 1) * (now.expectedNano ?? 0)
    if (now.spentNano + reserved > now.maxNano) break
    if (room.take(target)) send.push(target.number)
    else heldByOpenPulls = true
  }
  return { send, heldByOpenPulls }
}

function pauseBeforeSending(now: CampaignNow, open: number): Decision['pause'] {
  const failures = stopOf(now)
  if (failures !== undefined) return { reason: 'failures', message: failures }
  // What open tasks will have cost is not known before they end: only at rest is the budget used up.
  const { spentNano, maxNano, expectedNano = 0 } = now
  if (spentNano < maxNano && (open > 0 || spentNano + expectedNano <= maxNano)) return undefined
  const message = `${credits(spentNano)} of ${credits(maxNano)} AI credits are spent, and another task would probably cost ${credits(expectedNano)}; resume with a higher max_ai_credits.`
  return { reason: 'budget', message }
}

function stopOf({ rules, targets, forgivenFailures }: CampaignNow): string | undefined {
  const limit = rules.stop_after_failures
  if (limit === undefined) return undefined
  const ended = targets.filter(({ state }) => hasEnded(state) && state !== 'skipped')
  const failures = ended.filter(({ state }) => hasFailed(state)).length
  if (failures <= forgivenFailures) return undefined
  if (typeof limit === 'number') {
    const fresh = failures - forgivenFailures
    return fresh >= limit ? `${count(fresh, 'task')} failed.` : undefined
  }
  const percent = (100 * failures) / ended.length
  return ended.length >= fewestForPercent && percent >= Number.parseInt(limit, 10)
    ? `${failures} of ${count(ended.length, 'task')} failed, ${limit} or more.`
    : undefined
}

/** Counts pull requests as they would be when everything sent had opened one. */
function createReviewRoom({ rules, pulls }: CampaignNow) {
  const caps: OpenPullCaps = rules.max_open_pulls ?? {}
  const byRepository = new Map(pulls.byRepository)
  const byReviewer = new Map(pulls.byReviewer)
  let ofAuthor = pulls.ofAuthor
  const none = Number.POSITIVE_INFINITY

  function take({ repositoryId, reviewers }: TargetNow): boolean {
    const inRepository = byRepository.get(repositoryId) ?? 0
    const logins = new Set(reviewers.map((login) => login.toLowerCase()))
    const ofBusiest = Math.max(0, ...[...logins].map((login) => byReviewer.get(login) ?? 0))
    if (inRepository >= (caps.per_repository ?? none)) return false
    if (ofAuthor >= (caps.per_author ?? none)) return false
    if (logins.size > 0 && ofBusiest >= (caps.per_reviewer ?? none)) return false
    byRepository.set(repositoryId, inRepository + 1)
    for (const login of logins) byReviewer.set(login, (byReviewer.get(login) ?? 0) + 1)
    ofAuthor += 1
    return true
  }
  return { take }
}

function hasUnknownCost({ expectedNano, maxNano }: CampaignNow): boolean {
  return expectedNano === undefined && maxNano !== Number.POSITIVE_INFINITY
}

function isOpen(state: TargetNow['state']): boolean {
  return state !== 'pending' && !hasEnded(state)
}

function credits(nano: number): string {
  return (nano / 1e9).toFixed(2).replace(/\.?0+$/, '')
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
