import type { AutomationRunRow, RunTrigger } from '../store/automation-rows.ts'
import type { Store } from '../store/store.ts'
import {
  closeWithin,
  type HeldAutomationEvent,
  postponeWithin,
  whileEventHeld,
} from './claim-events.ts'
import type { Skip } from './claim-runs.ts'
import { insertRun, lockAutomation, whyNot } from './insert-run.ts'

/** How soon it is tried again when another run came between. */
const pauseSeconds = 5
/** How long an event waits for its turn. */
const longestWaitMs = 24 * 3_600_000

/**
 * Makes an event that was found to be one a run, or stores why it is none; and closes it, in one transaction.
 * Undefined when it waits for its turn, or has its run already.
 *
 * @throws StaleAutomationEvent
 */
export async function enqueueEventRun(
  store: Store,
  event: HeldAutomationEvent,
  found: { trigger: RunTrigger; conclusion?: string; skip?: Skip },
): Promise<AutomationRunRow | undefined> {
  const { trigger, conclusion } = found
  return await whileEventHeld(store, event, async (tx) => {
    const automation = await lockAutomation(store, tx, event.automation_id)
    if (automation?.enabled !== true) {
      await closeWithin(store, tx, event, 'the automation is paused')
      return undefined
    }
    const skip = found.skip ?? (await whyNot(store, tx, automation))
    const waitedMs = automation.time.getTime() - event.received_at.getTime()
    if (skip?.skip_reason === 'still_running' && waitedMs < longestWaitMs) {
      await postponeWithin(store, tx, event, pauseSeconds, 0)
      return undefined
    }
    const run = await insertRun(tx, automation, automation.time, {
      event: event.event,
      type: event.type,
      event_key: event.event_key,
      actor: { id: event.actor_id, login: event.actor_login },
      resource_url: trigger.url,
      trigger,
      ...(conclusion !== undefined && { conclusion }),
      ...(skip !== undefined && { skip }),
    })
    await closeWithin(store, tx, event, null)
    return run
  })
}
