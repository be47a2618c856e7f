import { sql } from 'kysely'
import { appendEvents } from '../events/append-events.ts'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { queueTaskDeliveries } from '../webhooks/queue-deliveries.ts'
import { queueTask } from './transition.ts'

export interface NextSession {
  id: string
  prompt: string
  by: { id: number; login: string }
  /** A model and its agent, and why where nobody named it. Default: those of the last session. */
  model?: { id: string; agent: string; reason?: string }
}

/**
 * Adds a session to a task whose last one, `last`, has ended and is locked: a follow-up on the same
 * branch, with the same priority and time limit.
 */
export async function addSession(
  store: Store,
  tx: Tx,
  last: SessionRow,
  next: NextSession,
): Promise<void> {
  const number = await queueTask(store, tx, last.task_id)
  const model = next.model ?? { id: last.model, agent: last.agent }
  const reason = next.model?.reason === undefined ? {} : { model_reason: next.model.reason }
  await sql`
    insert into sessions (id, task_id, number, prompt, model, agent, user_id, user_login, owner_id,
      repository_id, base_ref, head_ref, priority, timeout_seconds, created_at, updated_at, queued_at)
    select ${next.id}::uuid, task.id, ${number}::integer, ${next.prompt}::text, ${model.id}::text,
      ${model.agent}::text, ${next.by.id}::bigint, ${next.by.login}::text, task.owner_id,
      task.repository_id, task.base_ref, task.head_ref, ${last.priority}::integer,
      ${last.timeout_seconds}::integer, clock.time, clock.time, clock.time
    from tasks as task, (select ${now(store)} as time) as clock
    where task.id = ${last.task_id}`.execute(tx)
  await appendEvents(store, tx, { task_id: last.task_id, session_id: next.id }, [
    { type: 'session.created', data: { prompt: next.prompt, model: model.id, ...reason } },
  ])
  await queueTaskDeliveries(store, tx, { id: next.id, task_id: last.task_id }, 'queued')
}
