import assert from 'node:assert/strict'
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
  const rows = events.map((event) => ({ type: event.type, data: storableJson(event.data) }))
  const counted = await sql<{ event_count: number }>`
    with counted as (
      update tasks
      set event_count = event_count + ${events.length}::integer
      where id = ${at.task_id}
      returning id, event_count
    ), appended as (
      insert into events (task_id, number, session_id, type, timestamp, data)
      select id, event_count - ${events.length}::integer + place, ${at.session_id}::uuid,
        event ->> 'type', ${now(store)}, event -> 'data'
      from counted,
        json_array_elements(${JSON.stringify(rows)}::json) with ordinality as given (event, place)
    )
    select event_count from counted`.execute(tx)
  const last = counted.rows[0]?.event_count
  assert(last !== undefined, 'events are appended to a task that is there')
  notify(tx, `task:${at.task_id}`)
  return last
}
