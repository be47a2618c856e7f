import { ErrandError, type RateLimitNumbers } from '@errand/contract'
import { isDisconnected, type RateCount, type RateTotal } from '@errand/core'
import type { RateCaller } from './rate-caller.ts'
import { createRateWindows, type RateWindows } from './rate-windows.ts'

export interface RateLimit {
  limit: number
  remaining: number
  used: number
  /** UTC epoch seconds. */
  reset: number
  resource: 'core'
}

/** An operation, as its method and the pattern of its path. */
export interface Operation {
  method: string
  path: string
}

export interface RateLimits {
  /** The caller's present hour, not counting this request. */
  look(caller: RateCaller): RateLimit
  /** Counts a request. @throws ErrandError rate_limited for a caller who has used up the hour. */
  take(caller: RateCaller): RateLimit
  /** Takes a request back that turned out not to count: a 304. */
  giveBack(caller: RateCaller): RateLimit
  /** Counts what a request costs. @throws ErrandError secondary_rate_limited */
  takePoints(caller: RateCaller, operation: Operation): void
  /** A request begins; what is returned ends it. @throws ErrandError secondary_rate_limited */
  enter(caller: RateCaller): () => void
  /** Counts something created. @throws ErrandError secondary_rate_limited */
  takeCreated(caller: RateCaller): Promise<void>
  /** The token turned out to be none: what is made up is not told to the other servers. */
  withhold(caller: RateCaller, operation: Operation): void
  /** Tells the other servers what was counted, and learns what they have. Nothing where there are none. */
  exchange(): Promise<void>
}

/** How servers on one database count together. */
export type ExchangeCounts = (counts: readonly RateCount[]) => Promise<RateTotal[]>

export interface RateLimitOptions {
  clock?: () => number
  /** Absent: this server is alone. */
  exchange?: ExchangeCounts | undefined
}

const hourMs = 3_600_000
const minuteMs = 60_000
/** What is said where there is no limit: clients stop by themselves at remaining 0. */
const saidWithoutLimit = { limit: 5000, used: 0 }
const primaryLimitUrl =
  'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-primary-rate-limits'

/**
 * The limits of behaviour.md 2.4. They are counted in memory, and told to the other servers by
 * `exchange`, whoever calls it how often; only what is created is told at once. 0 is no limit.
 */
export function createRateLimits(
  limits: RateLimitNumbers,
  { clock = Date.now, exchange }: RateLimitOptions = {},
): RateLimits {
  const requests = createRateWindows('requests', hourMs, clock)
  const points = createRateWindows('points', minuteMs, clock)
  const created = [
    { windows: createRateWindows('created', minuteMs, clock), most: limits.created_per_minute },
    { windows: createRateWindows('created-hour', hourMs, clock), most: limits.created_per_hour },
  ].filter(({ most }) => most > 0)
  const all = [requests, points, ...created.map(({ windows }) => windows)]
  const inFlight = new Map<string, number>()

  function mostOf({ isAnonymous, isOwn, kind }: RateCaller): number {
    // Without a limit for tokens there is none for anybody.
    if (isOwn === true || limits.per_hour === 0) return 0
    if (isAnonymous) return limits.anonymous_per_hour
    if (kind === 'installation') return limits.installation_per_hour
    return kind === 'workflow' ? limits.workflow_per_hour : limits.per_hour
  }

  function look(caller: RateCaller): RateLimit {
    const most = mostOf(caller)
    const window = requests.of(caller.key)
    const { limit, used } =
      most === 0 ? saidWithoutLimit : { limit: most, used: Math.min(window.used, most) }
    const reset = Math.ceil((window.startedAtMs + hourMs) / 1000)
    return { limit, used, remaining: limit - used, reset, resource: 'core' }
  }

  function refuse(windows: RateWindows, key: string): ErrandError {
    const leftMs = windows.of(key).startedAtMs + windows.lengthMs - clock()
    return secondaryLimit(Math.max(1, Math.ceil(leftMs / 1000)))
  }

  return {
    look,
    take(caller) {
      const rate = look(caller)
      if (rate.remaining === 0) throw primaryLimit(rate)
      if (mostOf(caller) > 0) requests.add(caller.key, 1)
      return look(caller)
    },
    giveBack(caller) {
      if (mostOf(caller) > 0) requests.add(caller.key, -1)
      return look(caller)
    },
    takePoints(caller, { method, path }) {
      if (limits.points_per_minute === 0 || caller.isOwn === true) return
      const key = keyOf(caller, { method, path })
      const cost = pointsOf(method)
      if (points.of(key).used + cost > limits.points_per_minute) throw refuse(points, key)
      points.add(key, cost)
    },
    enter(caller) {
      const now = inFlight.get(caller.key) ?? 0
      if (limits.concurrent > 0 && now >= limits.concurrent && caller.isOwn !== true) {
        // One of them may end at any moment.
        throw secondaryLimit(1)
      }
      inFlight.set(caller.key, now + 1)
      return once(() => {
        const left = (inFlight.get(caller.key) ?? 1) - 1
        if (left === 0) inFlight.delete(caller.key)
        else inFlight.set(caller.key, left)
      })
    },
    async takeCreated({ key, isOwn }) {
      if (isOwn === true) return
      for (const { windows, most } of created) {
        if (windows.of(key).used >= most) throw refuse(windows, key)
      }
      for (const { windows } of created) windows.add(key, 1)
      const totals = await exchangeAtOnce(exchange, created, key)
      const full = created.filter(({ most }, index) => (totals[index] ?? 0) > most)
      if (full[0] === undefined) return
      // Another server was faster: what is not created does not count.
      for (const { windows } of created) windows.add(key, -1)
      throw refuse((full.at(-1) ?? full[0]).windows, key)
    },
    withhold(caller, operation) {
      // An address that comes without a token is no less an address.
      if (caller.isAnonymous) return
      requests.withhold(caller.key)
      points.withhold(keyOf(caller, operation))
    },
    async exchange() {
      if (exchange === undefined) return
      await tell(
        exchange,
        all,
        all.flatMap((windows) => windows.takeUntold()),
      )
    },
  }
}

function keyOf({ key }: RateCaller, { method, path }: Operation): string {
  return `${key} ${method} ${path}`
}

/** Reading costs 1, anything else 5 (behaviour.md 2.4). */
function pointsOf(method: string): number {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 1 : 5
}

/**
 * What all servers have created together, by window. While the database is away each server counts for
 * itself: what it cannot tell is told later.
 */
async function exchangeAtOnce(
  exchange: ExchangeCounts | undefined,
  created: readonly { windows: RateWindows }[],
  key: string,
): Promise<number[]> {
  if (exchange === undefined || created.length === 0) return []
  const all = created.map(({ windows }) => windows)
  const counts = all.map((windows) => windows.takeUntold(key))
  try {
    const totals = await tell(exchange, all, counts.flat())
    const usedOf = new Map(totals.map((total) => [total.key, total.used]))
    return counts.map(([count]) => usedOf.get(count?.key ?? '') ?? 0)
  } catch (error) {
    if (isDisconnected(error)) return []
    throw error
  }
}

async function tell(
  exchange: ExchangeCounts,
  all: readonly RateWindows[],
  counts: readonly RateCount[],
): Promise<RateTotal[]> {
  if (counts.length === 0) return []
  try {
    const totals = await exchange(counts)
    for (const total of totals) for (const windows of all) windows.learn(total)
    return totals
  } catch (error) {
    for (const count of counts) for (const windows of all) windows.giveBack(count)
    throw error
  }
}

function primaryLimit(rate: RateLimit): ErrandError {
  return new ErrandError('rate_limited', {
    message: `API rate limit exceeded. It is reset at ${new Date(rate.reset * 1000).toISOString()}.`,
    headers: rateHeaders(rate),
    documentationUrl: primaryLimitUrl,
  })
}

function secondaryLimit(seconds: number): ErrandError {
  return new ErrandError('secondary_rate_limited', { headers: { 'retry-after': String(seconds) } })
}

export function rateHeaders(rate: RateLimit): Record<string, string> {
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(rate.remaining),
    'x-ratelimit-used': String(rate.used),
    'x-ratelimit-reset': String(rate.reset),
    'x-ratelimit-resource': rate.resource,
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
