import { isDisconnected } from '../store/connection-lost.ts'
import type { Log } from '../store/log.ts'
import { createWake, type Wake } from './wake.ts'

/**
 * Runs a pass again and again until the signal aborts. A pass that fails, as while the database is away,
 * is no end of it. Never rejects.
 */
export async function repeatPass(
  loop: {
    log: Log
    signal: AbortSignal
    /** What ends the sleep between two passes early. */
    wake?: Wake
    everyMs: number
    /** What a pass does, for the log: `sweeping sessions`. */
    what: string
  },
  pass: () => Promise<unknown>,
): Promise<void> {
  const { log, signal, everyMs, what } = loop
  const wake = loop.wake ?? createWake()
  let isAway = false
  while (!signal.aborted) {
    try {
      await pass()
      if (isAway) log.info({ what }, 'the database is back')
      isAway = false
    } catch (error) {
      if (signal.aborted) return
      if (!isDisconnected(error)) log.error({ err: error, what }, 'a background pass failed')
      else if (!isAway) log.warn({ err: error, what }, 'the database is away: waiting for it')
      isAway = isDisconnected(error)
    }
    await wake.sleep(everyMs, signal)
  }
}
