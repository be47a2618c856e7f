import type { NewEvent } from '@errand/contract'
import { sql } from 'kysely'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { storableJson } from './storable-json.ts'

/**
 * Appends events to a task, in order. The counter on the task's row gives each its number, and its
 * lock is held until the transaction ends: a reader never sees number 5 before number 4.
 * Returns the number of the last one.
 */
export async function appendEvents(
  store: Store,
  tx: Tx,
  at: { task_id: string; session_id: string },
  events: NewEvent[],
): Promise<number> {
  if (events.length === 0) return 0
  const counted = await sql<{ event_count: number }>`
    update tasks
    set event_count = event_count + ${events.length}
    where id = ${at.task_id}
    returning event_count`.execute(tx)
  const last = counted.rows[0]?.event_count ?? 0
  const rows = events.map((event) => ({ type: event.type, data: storableJson(event.data) }))
  await sql`
    insert into events (task_id, number, session_id, type, timestamp, data)
    select ${at.task_id}, ${last - events.length}::bigint + place, ${at.session_id},
      event ->> 'type', ${now(store)}, event -> 'data'
    from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) with ordinality as given (event, place)`.execute(
    tx,
  )
  await notify(tx, `task:${at.task_id}`)
  return last
}
