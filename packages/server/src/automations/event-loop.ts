import {
  claimAutomationEvents,
  claimRunsToTell,
  createWake,
  repeatPass,
  StaleAutomationEvent,
  StaleAutomationRun,
  sweepAutomations,
  takeOverAutomationEvents,
} from '@errand/core'
import { createAttendants } from '../attendants.ts'
import type { ServerContext } from '../context.ts'
import { attendEvent } from './attend-event.ts'
import { tellRun } from './tell-run.ts'

const pollMs = 1000
const sweepEveryMs = 3_600_000

/**
 * Makes events of the forge runs of the automations that wait for them, and tells the forge how those ended,
 * until it is closed. Several servers may do so at once.
 */
export function startEventLoop(context: ServerContext): { close(): Promise<void> } {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const wake = createWake()
  // Any change of the queue may have ended a task that events wait for.
  const unsubscribe = store.changes.subscribe('queue', wake.wake)
  const events = createAttendants({
    log,
    what: 'an event',
    atATime: 8,
    takeOver: () => takeOverAutomationEvents(store),
    claim: (limit) => claimAutomationEvents(store, limit),
    attend: (event) => attendEvent(context, event),
    fieldsOf: ({ id, automation_id }) => ({ event_id: id, automation_id }),
    isStale: (error) => error instanceof StaleAutomationEvent,
  })
  const ended = createAttendants({
    log,
    what: 'what became of a run',
    atATime: 4,
    takeOver: async () => undefined,
    claim: (limit) => claimRunsToTell(store, limit),
    attend: (run) => tellRun(context, run),
    fieldsOf: ({ id, automation_id }) => ({ run_id: id, automation_id }),
    isStale: (error) => error instanceof StaleAutomationRun,
  })
  const loops = [
    repeatPass({ log, signal, wake, everyMs: pollMs, what: 'attending to events' }, async () => {
      await events.claim()
      await ended.claim()
    }),
    repeatPass({ log, signal, everyMs: sweepEveryMs, what: 'sweeping automations' }, () =>
      sweepAutomations(store),
    ),
  ]
  return {
    async close() {
      unsubscribe()
      closing.abort()
      await Promise.all(loops)
      await Promise.all([events.settled(), ended.settled()])
    },
  }
}
