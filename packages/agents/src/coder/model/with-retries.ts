import { setTimeout as delay } from 'node:timers/promises'
import { isTransient, retryAfterMs } from './model-error.ts'

/** Together about four minutes: what an overloaded server needs to recover, or a network. */
const mostRetries = 8
const firstDelayMs = 1000
const longestDelayMs = 60_000
/** What a server may ask for. Who asks for more has a quota that will not come back in time. */
const longestRetryAfterMs = 300_000

export interface Retrying {
  signal: AbortSignal
  onRetry: (error: unknown, delayMs: number) => Promise<void>
  /** Waits. For tests. Default: by the clock. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Tries again what failed for a passing reason, each time after a longer while. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { signal, onRetry, wait = waitByTheClock }: Retrying,
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (retry === mostRetries || !isTransient(error)) throw error
      const delayMs = retryAfterMs(error) ?? backOffMs(retry)
      if (delayMs > longestRetryAfterMs) throw error
      await onRetry(error, delayMs)
      await wait(delayMs, signal)
    }
  }
}

/** Spread, so that many sessions do not come back at the same moment. */
function backOffMs(retry: number): number {
  return Math.min(firstDelayMs * 2 ** retry, longestDelayMs) * (0.75 + Math.random() / 2)
}

async function waitByTheClock(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal })
}
