import {
  claimAutomationRuns,
  enqueueDueRuns,
  isDisconnected,
  repeatPass,
  settleRuns,
  StaleAutomationRun,
  takeOverAutomationRuns,
} from '@errand/core'
import type { ServerContext } from '../context.ts'
import { beginAutomationRun } from './begin-run.ts'

export interface Scheduler {
  close(): Promise<void>
}

/** How late a run may be. */
const pollMs = 1000

/** Runs begun at a time. */
const atATime = 8

/**
 * Runs automations by the clock, until it is closed. Any number of servers may do so on one store: what
 * is done is decided there.
 */
export function startScheduler(context: ServerContext): Scheduler {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const begun = new Set<Promise<void>>()
  let isTakenOver = false

  async function pass(): Promise<void> {
    if (!isTakenOver) await takeOverAutomationRuns(store)
    isTakenOver = true
    // First what ended, so that it keeps nothing else from running.
    await settleRuns(store)
    while ((await enqueueDueRuns(store)) > 0 && !signal.aborted);
    const free = atATime - begun.size
    if (free === 0) return
    for (const run of await claimAutomationRuns(store, free)) {
      const ended = beginAutomationRun(context, run).catch((error: unknown) => {
        // Its lease runs out, and it is claimed again.
        const isAway = isDisconnected(error) || error instanceof StaleAutomationRun
        const fields = { err: error, run_id: run.id, automation_id: run.automation_id }
        log[isAway ? 'warn' : 'error'](fields, 'a run of an automation was left')
      })
      begun.add(ended)
      void ended.finally(() => begun.delete(ended))
    }
  }

  const loop = repeatPass({ log, signal, everyMs: pollMs, what: 'running automations' }, pass)
  return {
    async close() {
      closing.abort()
      await loop
      await Promise.all(begun)
    },
  }
}
