import { createHash } from 'node:crypto'
import { ErrandError } from '@errand/contract'
import type { FastifyRequest } from 'fastify'
import { readToken } from '../auth/credentials.ts'

export interface RateLimit {
  limit: number
  remaining: number
  used: number
  /** UTC epoch seconds. */
  reset: number
  resource: 'core'
}

/** Who is counted: a token, or an address where there is none. */
export interface RateCaller {
  key: string
  isAnonymous: boolean
}

export interface RateLimits {
  /** The caller's present hour, not counting this request. */
  look(caller: RateCaller): RateLimit
  /** Counts a request. @throws ErrandError rate_limited for a caller who has used up the hour. */
  take(caller: RateCaller): RateLimit
  /** Takes a request back that turned out not to count: a 304. */
  giveBack(caller: RateCaller): RateLimit
  /** Counts a task created. @throws ErrandError secondary_rate_limited */
  takeCreated(caller: RateCaller): void
}

const hourMs = 3_600_000
const minuteMs = 60_000
const anonymousPerHour = 60
const primaryLimitUrl =
  'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-primary-rate-limits'

/**
 * The limits of behaviour.md 2.4, in memory, for one server. A limit of 0 is no limit: the headers
 * then say GitHub's 5,000 of which none is ever used, since clients stop by themselves at remaining 0.
 */
export function createRateLimits(
  settings: { per_hour: number; created_per_minute: number },
  clock: () => number = Date.now,
): RateLimits {
  const hours = createWindows(hourMs, clock)
  const minutes = createWindows(minuteMs, clock)

  function present({ key, isAnonymous }: RateCaller): RateLimit {
    const window = hours.of(key)
    const isLimited = settings.per_hour > 0
    const limit = isAnonymous ? anonymousPerHour : isLimited ? settings.per_hour : 5000
    const used = isLimited ? Math.min(window.used, limit) : 0
    const reset = Math.ceil((window.startedAtMs + hourMs) / 1000)
    return { limit, used, remaining: limit - used, reset, resource: 'core' }
  }

  return {
    look: present,
    take(caller) {
      const rate = present(caller)
      if (rate.remaining === 0) throw rateLimited(rate)
      hours.of(caller.key).used++
      return present(caller)
    },
    giveBack(caller) {
      const window = hours.of(caller.key)
      window.used = Math.max(0, window.used - 1)
      return present(caller)
    },
    takeCreated({ key }) {
      if (settings.created_per_minute === 0) return
      const window = minutes.of(key)
      if (window.used++ < settings.created_per_minute) return
      const seconds = Math.ceil((window.startedAtMs + minuteMs - clock()) / 1000)
      throw new ErrandError('secondary_rate_limited', {
        headers: { 'retry-after': String(Math.max(1, seconds)) },
      })
    },
  }
}

function rateLimited(rate: RateLimit): ErrandError {
  return new ErrandError('rate_limited', {
    message: `API rate limit exceeded. It is reset at ${new Date(rate.reset * 1000).toISOString()}.`,
    headers: rateHeaders(rate),
    documentationUrl: primaryLimitUrl,
  })
}

interface Window {
  startedAtMs: number
  used: number
}

/** Any string that looks like a token gets a window: more of them than this push the oldest out. */
const mostWindows = 50_000

/** A map keeps the order in which windows were started, so those that are over stand in front. */
function createWindows(lengthMs: number, clock: () => number): { of(key: string): Window } {
  const windows = new Map<string, Window>()
  const isOver = (window: Window) => clock() - window.startedAtMs >= lengthMs

  function dropOld(): void {
    for (const [key, window] of windows) {
      if (!isOver(window) && windows.size < mostWindows) return
      windows.delete(key)
    }
  }

  return {
    of(key) {
      const known = windows.get(key)
      if (known !== undefined && !isOver(known)) return known
      windows.delete(key)
      dropOld()
      const fresh = { startedAtMs: clock(), used: 0 }
      windows.set(key, fresh)
      return fresh
    },
  }
}

export function rateCallerOf(request: FastifyRequest): RateCaller {
  const token = readToken(request.headers.authorization)
  if (token === undefined) return { key: request.ip, isAnonymous: true }
  return { key: createHash('sha256').update(token).digest('base64'), isAnonymous: false }
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
