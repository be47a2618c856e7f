import { ErrandError, rateLimitsOf, Settings } from '@errand/contract'
import type { RateCount, RateTotal } from '@errand/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateLimits, type RateLimits } from './rate-limit.ts'

// What must hold whatever is asked, and whenever.

const minuteMs = 60_000
const hourMs = 3_600_000
const callers = ['a', 'b'].map((key) => ({ key, isAnonymous: false }))
const create = { method: 'POST', path: '/tasks' }

const none = rateLimitsOf(
  Settings.parse({ rate_limits: { per_hour: 0, concurrent: 0 } }).rate_limits,
)

/** Requests by one of two callers, each so long after the one before. */
const requests = fc.array(
  fc.record({
    who: fc.nat(1),
    server: fc.nat(2),
    afterMs: fc.oneof(
      fc.nat(2000),
      fc.constantFrom(0, minuteMs - 1, minuteMs, minuteMs + 1, hourMs),
    ),
    isExchange: fc.boolean(),
    isCrash: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 120 },
)

/** Seconds until it is to be tried again; undefined when it was let through. */
async function tried(work: () => unknown): Promise<number | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof ErrandError)) throw error
    return Number(error.headers['retry-after'])
  }
}

/** As the table of the store adds up what servers have counted; see exchange-rate-counts.test.ts. */
function sharedTable(clock: () => number) {
  const windows = new Map<string, { startedAtMs: number; used: number }>()
  return async (counts: readonly RateCount[]): Promise<RateTotal[]> =>
    counts.map(({ key, length_ms, used }) => {
      const known = windows.get(key)
      const isOver = known === undefined || clock() - known.startedAtMs >= length_ms
      const window = isOver ? { startedAtMs: clock(), used: 0 } : known
      window.used += used
      windows.set(key, window)
      return { key, used: window.used, age_ms: clock() - window.startedAtMs }
    })
}

describe('a window', () => {
  it.each<[string, number, (limits: RateLimits, who: number) => unknown, object]>([
    [
      'of things created',
      minuteMs,
      (limits, who) => limits.takeCreated(callers[who]!),
      { created_per_minute: 5 },
    ],
    [
      'of points',
      minuteMs,
      (limits, who) => limits.takePoints(callers[who]!, create),
      { points_per_minute: 25 },
    ],
  ])('%s lets through what it should, and what waits as it is told', async (_, ms, take, limit) => {
    await fc.assert(
      fc.asyncProperty(requests, async (sequence) => {
        let timeMs = 0
        const limits = createRateLimits({ ...none, ...limit }, { clock: () => timeMs })
        const letThrough: number[][] = [[], []]
        let opened = [-Infinity, -Infinity]
        let inWindow = [0, 0]
        for (const { who, afterMs } of sequence) {
          timeMs += afterMs
          if (timeMs - opened[who]! >= ms) {
            opened = opened.with(who, timeMs)
            inWindow = inWindow.with(who, 0)
          }
          const seconds = await tried(() => take(limits, who))

          // The first five of a window, and no other.
          expect(seconds === undefined).toBe(inWindow[who]! < 5)
          if (seconds === undefined) {
            letThrough[who]!.push(timeMs)
            inWindow = inWindow.with(who, inWindow[who]! + 1)
          }
          // Who waits as told comes when the window is over, and not a second later than that.
          const leftMs = opened[who]! + ms - timeMs
          const isTold = seconds === undefined || seconds === Math.ceil(leftMs / 1000)
          expect(isTold).toBe(true)
        }
        // Whatever minute one looks at, it touches two windows at most.
        for (const times of letThrough) {
          for (let n = 10; n < times.length; n += 1) {
            expect(times[n]! - times[n - 10]!).toBeGreaterThanOrEqual(ms)
          }
        }
      }),
    )
  })

  it('that several servers share lets as many be created as one server’s, whoever dies', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sequence) => {
        let timeMs = 0
        const clock = () => timeMs
        const exchange = sharedTable(clock)
        const start = () =>
          createRateLimits({ ...none, created_per_minute: 5 }, { clock, exchange })
        const servers = [start(), start(), start()]
        const letThrough: number[][] = [[], []]
        for (const { who, server, afterMs, isCrash } of sequence) {
          timeMs += afterMs
          if (isCrash) servers[server] = start()
          const seconds = await tried(() => servers[server]!.takeCreated(callers[who]!))
          if (seconds === undefined) letThrough[who]!.push(timeMs)
        }
        for (const times of letThrough) {
          for (let n = 10; n < times.length; n += 1) {
            expect(times[n]! - times[n - 10]!).toBeGreaterThanOrEqual(minuteMs)
          }
        }
      }),
    )
  })

  it('of requests is exceeded by what each server counts between two exchanges, and what one lost by dying', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sequence) => {
        const exchange = sharedTable(() => 0)
        const start = () =>
          createRateLimits({ ...none, per_hour: 20 }, { clock: () => 0, exchange })
        const servers = [start(), start(), start()]
        const untold = [0, 0, 0]
        const mostUntold = [0, 0, 0]
        let [used, lost] = [0, 0]
        for (const { server, isExchange, isCrash } of sequence) {
          if (isCrash) {
            servers[server] = start()
            lost += untold[server]!
            untold[server] = 0
          }
          if ((await tried(() => servers[server]!.take(callers[0]!))) === undefined) {
            used += 1
            untold[server]! += 1
            mostUntold[server] = Math.max(mostUntold[server]!, untold[server]!)
          }
          if (!isExchange) continue
          for (const each of servers) await each.exchange()
          untold.fill(0)
        }

        expect(used).toBeLessThanOrEqual(20 + lost + mostUntold.reduce((sum, n) => sum + n, 0))
      }),
    )
  })

  it('of requests is one for all when they speak after each', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sequence) => {
        const exchange = sharedTable(() => 0)
        const start = () =>
          createRateLimits({ ...none, per_hour: 20 }, { clock: () => 0, exchange })
        const servers = [start(), start(), start()]
        let used = 0
        for (const { server } of sequence) {
          if ((await tried(() => servers[server]!.take(callers[0]!))) === undefined) used += 1
          for (const each of servers) await each.exchange()
        }

        // A server that has counted nothing itself is told of the others with its first request.
        expect(used).toBeLessThanOrEqual(20 + servers.length - 1)
        expect(used).toBeGreaterThanOrEqual(Math.min(20, sequence.length))
      }),
      { numRuns: 50 },
    )
  })
})
