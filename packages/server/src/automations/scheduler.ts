import {
  claimAutomationRuns,
  enqueueDueRuns,
  repeatPass,
  settleRuns,
  StaleAutomationRun,
  takeOverAutomationRuns,
} from '@errand/core'
import { createAttendants } from '../attendants.ts'
import type { ServerContext } from '../context.ts'
import { beginAutomationRun } from './begin-run.ts'

export interface Scheduler {
  close(): Promise<void>
}

/** How late a run may be. */
const pollMs = 1000

/**
 * Runs automations by the clock, and what events began, until it is closed. Any number of servers may do so
 * on one store: what is done is decided there.
 */
export function startScheduler(context: ServerContext): Scheduler {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const runs = createAttendants({
    log,
    what: 'a run of an automation',
    atATime: 8,
    takeOver: () => takeOverAutomationRuns(store),
    claim: (limit) => claimAutomationRuns(store, limit),
    attend: (run) => beginAutomationRun(context, run),
    fieldsOf: ({ id, automation_id }) => ({ run_id: id, automation_id }),
    isStale: (error) => error instanceof StaleAutomationRun,
  })

  async function pass(): Promise<void> {
    // First what ended, so that it keeps nothing else from running.
    await settleRuns(store)
    while ((await enqueueDueRuns(store)) > 0 && !signal.aborted);
    await runs.claim()
  }

  const loop = repeatPass({ log, signal, everyMs: pollMs, what: 'running automations' }, pass)
  return {
    async close() {
      closing.abort()
      await loop
      await runs.settled()
    },
  }
}
