import { AnswerError } from './answer-error.ts'
import type { Pace } from './pace.ts'
import { sleep } from './sleep.ts'

export interface Waiting {
  /** Held back as well for as long as the server asks to wait. */
  pace?: Pace
  signal: AbortSignal
  /** Told when the server does not answer, or asks to wait. */
  onWait?: ((reason: string) => void) | undefined
}

const firstPauseMs = 500
const longestPauseMs = 30_000

/**
 * Repeats a request while the server cannot be reached, fails, or asks to wait: a campaign outlives a
 * restart of its server. What the server refuses is thrown.
 *
 * @param giveUpAfterMs for how long a server that does not answer is believed to come back
 */
export async function untilReached<T>(
  waiting: Waiting,
  request: () => Promise<T>,
  giveUpAfterMs = Infinity,
): Promise<T> {
  const startedAt = Date.now()
  for (let failures = 0; ; failures += 1) {
    try {
      return await request()
    } catch (error) {
      const isAsked = error instanceof AnswerError && error.retryAfterMs !== undefined
      if (!isAsked && Date.now() - startedAt >= giveUpAfterMs) throw error
      await waitOut(waiting, error, failures)
    }
  }
}

/**
 * Waits before a request that failed is sent again: as long as the server asks for, or longer with each
 * failure. Throws the error when sending it again would not help, or the command was stopped.
 */
export async function waitOut(
  { pace, signal, onWait }: Waiting,
  error: unknown,
  failures: number,
): Promise<void> {
  signal.throwIfAborted()
  if (!isPassing(error)) throw error
  const asked = error instanceof AnswerError ? error.retryAfterMs : undefined
  if (asked === undefined) onWait?.('the server cannot be reached, trying again')
  else {
    onWait?.(`the server asks to wait ${Math.ceil(asked / 1000)} s`)
    pace?.pause(asked)
  }
  const ms = asked ?? Math.min(firstPauseMs * 2 ** failures, longestPauseMs)
  await sleep(ms, signal)
}

/** No connection, a server that fails, a limit: it may well go the next time. */
function isPassing(error: unknown): boolean {
  if (error instanceof AnswerError) {
    return error.retryAfterMs !== undefined || error.status >= 500 || error.status === 408
  }
  // What fetch throws when there is no answer, and when an answer breaks off.
  return error instanceof TypeError && error.cause !== undefined
}
