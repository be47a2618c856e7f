import { setTimeout as delay } from 'node:timers/promises'

/** How reads follow each other under a server's limits. */
export interface ReadPace {
  /** Resolves when the next may be sent, and counts it. */
  turn(signal: AbortSignal): Promise<void>
  /** Nothing is sent for so long: the server has asked for it. */
  pause(ms: number): void
  /** What an answer says of the primary limit: when nothing is left, nothing is sent until its reset. */
  heed(headers: Headers): void
}

export interface ReadPaceOptions {
  /** Reads in 60 seconds, where the server has a limit on them that it does not tell of. */
  mostAMinute?: number
  /** Told once of each wait that a person would notice. */
  onWait: (untilMs: number) => void
  now?: () => number
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * GitHub's secondary limit is 900 points a minute for an endpoint, and a read is one (behaviour.md 2.4);
 * somebody else may use the same token, so that some are left.
 */
export const githubReadsAMinute = 840

const noticeableMs = 2000
const minuteMs = 60_000
/** GitHub's window is an hour: a server that asks for more, or has another clock, is asked again then. */
const longestMs = 61 * minuteMs

export function createReadPace({
  mostAMinute,
  onWait,
  now = Date.now,
  sleep = (ms, signal) => delay(ms, undefined, { signal }),
}: ReadPaceOptions): ReadPace {
  let sent: number[] = []
  let pausedUntil = 0
  let toldUntil = 0

  function waitMs(): number {
    const time = now()
    const blocking = mostAMinute === undefined ? undefined : sent.at(-mostAMinute)
    return Math.max(0, pausedUntil - time, blocking === undefined ? 0 : blocking + minuteMs - time)
  }
  return {
    async turn(signal) {
      for (let ms = waitMs(); ms > 0; ms = waitMs()) {
        const until = now() + ms
        if (ms >= noticeableMs && until > toldUntil + noticeableMs) {
          toldUntil = until
          onWait(until)
        }
        await sleep(ms, signal)
      }
      signal.throwIfAborted()
      if (mostAMinute !== undefined) {
        sent = [...sent.slice(-mostAMinute), now()]
      }
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, now() + Math.min(ms, longestMs))
    },
    heed(headers) {
      const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN)
      if (headers.get('x-ratelimit-remaining') !== '0' || !(reset > 0)) return
      pausedUntil = Math.max(pausedUntil, Math.min(reset * 1000, now() + longestMs))
    },
  }
}
