import type { Event } from '@errand/contract'
import type { EventRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/**
 * A page of a task's events, oldest first; `after` is the id of the last one already seen. `total`
 * counts all events of the task.
 */
export async function listEvents(
  store: Store,
  taskId: string,
  query: { after?: number; page: number; per_page: number },
): Promise<{ events: Event[]; total: number }> {
  return await patiently(() => readPage(store, taskId, query))
}

async function readPage(
  store: Store,
  taskId: string,
  query: { after?: number; page: number; per_page: number },
): Promise<{ events: Event[]; total: number }> {
  const rows = await store.db
    .selectFrom('events')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('number', '>', query.after ?? 0)
    .orderBy('number')
    .offset((query.page - 1) * query.per_page)
    .limit(query.per_page)
    .execute()
  const task = await store.db
    .selectFrom('tasks')
    .select('event_count')
    .where('id', '=', taskId)
    .executeTakeFirst()
  return { events: rows.map(presentEvent), total: task?.event_count ?? 0 }
}

export function presentEvent(row: EventRow): Event {
  return {
    id: String(row.number),
    type: row.type,
    timestamp: row.timestamp.toISOString(),
    session_id: row.session_id,
    // Written by appendEvents from an event's data, which is an object.
    data: row.data as Record<string, unknown>,
  }
}
