import { sleep } from './sleep.ts'

/** How creates follow each other. */
export interface Pace {
  /** How many may be on their way at a time. */
  readonly atOnce: number
  /** How long it is until the next may be sent. */
  waitMs(): number
  /** Resolves when the next create may be sent, and counts it. */
  turn(signal: AbortSignal): Promise<void>
  /**
   * A create was answered, or failed: it counts from now. When it arrived nobody knows, but not later, so
   * that those that arrive are as far apart as those that are sent.
   */
  ended(): void
  /** Nothing is sent for so long: the server has asked for it. */
  pause(ms: number): void
}

interface Window {
  ms: number
  most: number
}

/**
 * GitHub's secondary limits on what creates content: one at a time, a second apart, 80 a minute and 500
 * an hour (behaviour.md 2.4).
 */
const githubWindows: readonly Window[] = [
  { ms: 1000, most: 1 },
  { ms: 60_000, most: 80 },
  { ms: 3_600_000, most: 500 },
]

const errandAtOnce = 8

/**
 * @param sentAt when creates were sent before, in epoch milliseconds: they count
 */
export function createPace(
  isErrand: boolean,
  sentAt: readonly number[] = [],
  now: () => number = Date.now,
): Pace {
  const windows = isErrand ? [] : githubWindows
  let sent = sentAt.toSorted((a, b) => a - b)
  let pausedUntil = 0

  function waitMs(): number {
    const time = now()
    const waits = windows.map(({ ms, most }) => {
      const blocking = sent.at(-most)
      return blocking === undefined ? 0 : blocking + ms - time
    })
    return Math.max(0, pausedUntil - time, ...waits)
  }
  return {
    atOnce: isErrand ? errandAtOnce : 1,
    waitMs,
    async turn(signal) {
      for (let ms = waitMs(); ms > 0; ms = waitMs()) {
        await sleep(ms, signal)
      }
      signal.throwIfAborted()
      const longest = windows.at(-1)?.ms ?? 0
      sent = [...sent.filter((time) => time > now() - longest), now()]
    },
    ended() {
      if (sent.length > 0) sent = [...sent.slice(0, -1), now()]
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, now() + ms)
    },
  }
}
