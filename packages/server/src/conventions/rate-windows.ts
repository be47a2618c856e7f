import type { RateCount, RateTotal } from '@errand/core'

/** What is counted of one caller from a first request on. */
export interface RateWindow {
  startedAtMs: number
  used: number
  /** What of it the other servers have not been told. */
  untold: number
}

export interface RateWindows {
  readonly lengthMs: number
  of(key: string): RateWindow
  /** Counts, or takes back with a number below 0. */
  add(key: string, count: number): RateWindow
  /** Takes out what the others have not been told; of one key also where that is nothing. */
  takeUntold(key?: string): RateCount[]
  /** What was counted of a key stays with this server. */
  withhold(key: string): void
  /** Takes in what all have counted, or gives back what could not be told. */
  learn(total: RateTotal): void
  giveBack(count: RateCount): void
}

/** Any string that looks like a token gets a window: more of them than this push the oldest out. */
const mostWindows = 50_000

/**
 * Windows of one length. A map keeps the order in which they were started, so those that are over stand
 * in front.
 *
 * @param name what is counted in them: it tells them apart from others where they are shared
 */
export function createRateWindows(
  name: string,
  lengthMs: number,
  clock: () => number,
): RateWindows {
  const windows = new Map<string, RateWindow>()
  const changed = new Set<string>()
  const isOver = (window: RateWindow) => clock() - window.startedAtMs >= lengthMs
  const prefix = `${name} `

  function dropOld(): void {
    for (const [key, window] of windows) {
      if (!isOver(window) && windows.size < mostWindows) return
      windows.delete(key)
    }
  }

  function of(key: string): RateWindow {
    const known = windows.get(key)
    if (known !== undefined && !isOver(known)) return known
    windows.delete(key)
    dropOld()
    const fresh = { startedAtMs: clock(), used: 0, untold: 0 }
    windows.set(key, fresh)
    return fresh
  }

  /** The window a shared key is of, if it is one of these and still there. */
  function find(sharedKey: string): RateWindow | undefined {
    if (!sharedKey.startsWith(prefix)) return undefined
    const window = windows.get(sharedKey.slice(prefix.length))
    return window === undefined || isOver(window) ? undefined : window
  }

  return {
    lengthMs,
    of,
    add(key, count) {
      const window = of(key)
      // What a window began with may be taken back in the next one.
      const added = Math.max(count, -window.used)
      window.used += added
      window.untold += added
      if (window.untold !== 0) changed.add(key)
      return window
    },
    takeUntold(only) {
      const keys = only === undefined ? [...changed] : [only]
      return keys.flatMap((key) => {
        changed.delete(key)
        const window = windows.get(key)
        if (window === undefined || isOver(window)) return []
        if (only === undefined && window.untold === 0) return []
        const used = window.untold
        window.untold = 0
        return [{ key: `${prefix}${key}`, length_ms: lengthMs, used }]
      })
    },
    withhold(key) {
      const window = windows.get(key)
      if (window !== undefined) window.untold = 0
      changed.delete(key)
    },
    learn(total) {
      const window = find(total.key)
      if (window === undefined) return
      window.startedAtMs = clock() - total.age_ms
      window.used = Math.max(0, total.used + window.untold)
    },
    giveBack(count) {
      const window = find(count.key)
      if (window === undefined) return
      window.untold += count.used
      changed.add(count.key.slice(prefix.length))
    },
  }
}
