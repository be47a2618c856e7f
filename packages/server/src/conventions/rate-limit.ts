import { ErrandError } from '@errand/contract'

export interface RateLimit {
  limit: number
  remaining: number
  used: number
  /** UTC epoch seconds. */
  reset: number
  resource: 'core'
}

export interface RateLimits {
  /** The caller's present window. */
  look(key: string, isAnonymous: boolean): RateLimit
  /** Refuses a caller who has used up the window. */
  require(key: string, isAnonymous: boolean): void
  /** Counts one request. */
  count(key: string, isAnonymous: boolean): RateLimit
  /** Counts something created, against the secondary limit. */
  countCreated(key: string): void
}

const hourMs = 3_600_000
const minuteMs = 60_000

interface Window {
  startedAt: number
  used: number
}

/**
 * The limits of behaviour.md 2.4, in memory, for one server. A limit of 0 is no limit: the headers
 * then say GitHub's 5,000 of which none is ever used.
 */
export function createRateLimits(
  settings: { per_hour: number; created_per_minute: number },
  clock: () => number = Date.now,
): RateLimits {
  const hours = new Map<string, Window>()
  const minutes = new Map<string, Window>()

  function windowOf(windows: Map<string, Window>, key: string, lengthMs: number): Window {
    const time = clock()
    const known = windows.get(key)
    if (known !== undefined && time - known.startedAt < lengthMs) return known
    const fresh = { startedAt: time, used: 0 }
    // Callers that went away would pile up: windows that are over are dropped as new ones come.
    if (windows.size > 10_000) {
      for (const [old, { startedAt }] of windows)
        if (time - startedAt >= lengthMs) windows.delete(old)
    }
    windows.set(key, fresh)
    return fresh
  }

  function present(window: Window, isAnonymous: boolean): RateLimit {
    const limit = isAnonymous ? 60 : settings.per_hour === 0 ? 5000 : settings.per_hour
    const used = settings.per_hour === 0 ? 0 : Math.min(window.used, limit)
    const reset = Math.ceil((window.startedAt + hourMs) / 1000)
    return { limit, used, remaining: limit - used, reset, resource: 'core' }
  }

  const look = (key: string, isAnonymous: boolean) =>
    present(windowOf(hours, key, hourMs), isAnonymous)

  return {
    look,
    require(key, isAnonymous) {
      const rate = look(key, isAnonymous)
      if (rate.remaining > 0) return
      throw new ErrandError('rate_limited', {
        message: `API rate limit exceeded. It is reset at ${new Date(rate.reset * 1000).toISOString()}.`,
        headers: rateHeaders(rate),
        documentationUrl:
          'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-primary-rate-limits',
      })
    },
    count(key, isAnonymous) {
      const window = windowOf(hours, key, hourMs)
      window.used++
      return present(window, isAnonymous)
    },
    countCreated(key) {
      if (settings.created_per_minute === 0) return
      const window = windowOf(minutes, key, minuteMs)
      if (window.used++ < settings.created_per_minute) return
      const seconds = Math.ceil((window.startedAt + minuteMs - clock()) / 1000)
      throw new ErrandError('secondary_rate_limited', {
        headers: { 'retry-after': String(Math.max(1, seconds)) },
      })
    },
  }
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
