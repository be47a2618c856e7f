import type { EventType } from '@errand/contract'
import { presentEvent } from './list-events.ts'
import type { Store } from '../store/store.ts'

/** The last events of some types in a task, oldest first. */
export async function lastEvents(
  store: Store,
  taskId: string,
  query: { types: readonly EventType[]; limit: number },
): Promise<ReturnType<typeof presentEvent>[]> {
  const rows = await store.db
    .selectFrom('events')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('type', 'in', [...query.types])
    .orderBy('number', 'desc')
    .limit(query.limit)
    .execute()
  return rows.toReversed().map(presentEvent)
}
