import { ErrandError } from '@errand/contract'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { now } from '../store/store.ts'
import { lockLastSession } from './last-session.ts'

/** Bounds of a task that can be changed; null takes one away. */
export interface TaskChange {
  max_nano?: number | null
  max_multiplier?: number | null
}

/**
 * Changes what a task is bounded by. Its next request of a model is held to it, also of a session
 * that runs.
 *
 * @throws ErrandError not_found
 */
export async function changeTask(store: Store, taskId: string, change: TaskChange): Promise<void> {
  await transact(store, async (tx) => {
    if ((await lockLastSession(tx, taskId)) === undefined) throw new ErrandError('not_found')
    await tx
      .updateTable('tasks')
      .set({ ...change, updated_at: now(store) })
      .where('id', '=', taskId)
      .execute()
  })
}
