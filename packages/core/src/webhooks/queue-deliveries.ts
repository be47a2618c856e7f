import { ErrandError, type State } from '@errand/contract'
import { sql } from 'kysely'
import { now, type Store, type Tx } from '../store/store.ts'

/**
 * The webhooks that are told of a row `task`: of its repository, and of its owner. Whoever reads them
 * to write their deliveries ends with `hooksStay`.
 */
export const hooksOfTask = sql`hook.active
  and (hook.events @> '["agent_task"]' or hook.events @> '["*"]')
  and (
    (hook.target_type = 'repository' and hook.target_id = task.repository_id)
    or (hook.target_type = 'organization' and hook.target_id = task.owner_id)
  )`

/** A webhook that is deleted at the same moment is either told first or left out: no delivery is without one. */
export const hooksStay = sql`for key share of hook`

/** Keeps a webhook there until the transaction ends. @throws ErrandError not_found where it is gone */
export async function requireHook(tx: Tx, id: number): Promise<void> {
  const found = await tx
    .selectFrom('webhooks')
    .select('id')
    .where('id', '=', id)
    .forKeyShare()
    .executeTakeFirst()
  if (found === undefined) throw new ErrandError('not_found')
}

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
    where task.id = ${session.task_id}
    ${hooksStay}`.execute(tx)
}
