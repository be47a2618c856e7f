import { ErrandError, isEndState } from '@errand/contract'
import { appendEvents } from '../events/append-events.ts'
import { takePending } from '../sessions/messages.ts'
import { transition } from '../sessions/transition.ts'
import type { SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { requireTask, type TaskDetail } from './get-task.ts'
import { lockLastSession } from './last-session.ts'

/**
 * Cancels a task in whatever state it is; one that has ended stays as it ended. A runner at work
 * finds its lease lost at its next write, and stops.
 *
 * @throws ErrandError not_found
 */
export async function cancelTask(store: Store, id: string, by: string): Promise<TaskDetail> {
  await transact(store, async (tx) => {
    const session = await lockLastSession(tx, id)
    if (session === undefined) throw new ErrandError('not_found')
    if (!isEndState(session.state)) await cancelSession(store, tx, session, by)
  })
  return await requireTask(store, id)
}

/** Cancels a session whose row is locked and that has not ended. */
export async function cancelSession(
  store: Store,
  tx: Tx,
  session: SessionRow,
  by: string,
): Promise<void> {
  await appendEvents(store, tx, { task_id: session.task_id, session_id: session.id }, [
    { type: 'abort', data: { by } },
  ])
  await transition(store, tx, session, { to: 'cancelled', reason: `Cancelled by ${by}` })
  // Who cancels takes back what was said and not yet heard.
  await takePending(tx, session)
}
