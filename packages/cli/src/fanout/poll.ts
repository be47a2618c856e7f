import { setTimeout as delay } from 'node:timers/promises'
import { type Waiting, waitOut } from '@errand/contract'

const pollMs = 1000
/** GitHub counts requests, and its tasks take minutes: while nothing changes it is asked less often. */
const longestPollMs = { errand: pollMs, github: 15_000 }

/**
 * Looks again and again. Each call returns when it has looked, or when a work has ended before it was
 * time to.
 *
 * @param look whether it has found a change
 */
export function createPoll(
  waiting: Waiting,
  isErrand: boolean,
  look: () => Promise<boolean>,
): (works: readonly Promise<void>[]) => Promise<void> {
  const longestMs = longestPollMs[isErrand ? 'errand' : 'github']
  let pauseMs = pollMs
  let polledAt = Date.now()
  let failures = 0
  return async (works) => {
    await untilAny(polledAt + pauseMs - Date.now(), works, waiting.signal)
    if (Date.now() < polledAt + pauseMs) return
    try {
      pauseMs = (await look()) ? pollMs : Math.min(2 * pauseMs, longestMs)
      failures = 0
    } catch (error) {
      await waitOut(waiting, error, failures)
      failures += 1
    }
    polledAt = Date.now()
  }
}

/** Resolves when the time is over or one of the others has ended. */
async function untilAny(
  ms: number,
  others: readonly Promise<void>[],
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const pause = delay(Math.max(0, ms), undefined, {
    signal: AbortSignal.any([signal, over.signal]),
  }).catch(() => undefined)
  await Promise.race([pause, ...others])
  over.abort()
  signal.throwIfAborted()
}
