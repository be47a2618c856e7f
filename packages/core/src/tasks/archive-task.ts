import { ErrandError, invalidField, isEndState } from '@errand/contract'
import { now, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { requireTask, type TaskDetail } from './get-task.ts'
import { lockLastSession } from './last-session.ts'

/**
 * Archives a task that has ended (behaviour.md 1.6); again is no error.
 *
 * @throws ErrandError not_found, or validation_failed while the task is active.
 */
export async function archiveTask(store: Store, id: string): Promise<TaskDetail> {
  return await setArchived(store, id, true)
}

/** Brings an archived task back; one that is not archived stays as it is. */
export async function unarchiveTask(store: Store, id: string): Promise<TaskDetail> {
  return await setArchived(store, id, false)
}

async function setArchived(store: Store, id: string, archived: boolean): Promise<TaskDetail> {
  await transact(store, async (tx) => {
    const session = await lockLastSession(tx, id)
    if (session === undefined) throw new ErrandError('not_found')
    if (archived && !isEndState(session.state)) {
      throw invalidField(
        'state',
        `a task can be archived when it has ended; this one is ${session.state}, cancel it first`,
      )
    }
    await tx
      .updateTable('tasks')
      .set({ archived_at: archived ? now(store) : null, updated_at: now(store) })
      .where('id', '=', id)
      .where('archived_at', archived ? 'is' : 'is not', null)
      .execute()
  })
  return await requireTask(store, id)
}
