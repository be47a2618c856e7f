import type { State } from '@errand/contract'
import { sql } from 'kysely'
import { now, type Store, type Tx } from '../store/store.ts'

/** The webhooks that are told of a row `task`: of its repository, and of its owner. */
export const hooksOfTask = sql`hook.active
  and (hook.events @> '["agent_task"]' or hook.events @> '["*"]')
  and (
    (hook.target_type = 'repository' and hook.target_id = task.repository_id)
    or (hook.target_type = 'organization' and hook.target_id = task.owner_id)
  )`

/**
 * Has the webhooks of a task told that its session is in another state. Part of the transaction that
 * changes it: either both are there after a crash, or neither.
 */
export async function queueTaskDeliveries(
  store: Store,
  tx: Tx,
  session: { id: string; task_id: string },
  action: State,
): Promise<void> {
  await sql`
    insert into webhook_deliveries (webhook_id, guid, event, action, task_id, session_id,
      repository_id, created_at, next_at)
    select hook.id, gen_random_uuid(), 'agent_task', ${action}::text, task.id, ${session.id}::uuid,
      task.repository_id, clock.time, clock.time
    from tasks as task
    join webhooks as hook on ${hooksOfTask},
      (select ${now(store)} as time) as clock
    where task.id = ${session.task_id}`.execute(tx)
}
