import { sql } from 'kysely'
import { appendEvents } from '../events/append-events.ts'
import type { SessionRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'

/**
 * Adds a session to a task whose last one has ended: a follow-up on the same branch, with the same
 * agent, and the same model unless another is given. The task is queued again.
 */
export async function addSession(
  store: Store,
  tx: Tx,
  last: SessionRow,
  next: {
    id: string
    prompt: string
    model?: string
    agent?: string
    by?: { id: number; login: string }
  },
): Promise<void> {
  const model = next.model ?? last.model
  await sql`
    with task as (
      update tasks
      set session_count = ${last.number + 1}, state = 'queued', updated_at = ${now(store)}, archived_at = null
      where id = ${last.task_id} and session_count = ${last.number}
      returning *
    )
    insert into sessions (id, task_id, number, state, prompt, model, agent, user_id, user_login,
      owner_id, repository_id, base_ref, head_ref, priority, timeout_seconds,
      created_at, updated_at, queued_at)
    select ${next.id}::uuid, task.id, task.session_count, 'queued', ${next.prompt}, ${model},
      ${next.agent ?? last.agent}, ${next.by?.id ?? last.user_id}::bigint, ${next.by?.login ?? last.user_login},
      task.owner_id, task.repository_id, task.base_ref, task.head_ref, ${last.priority}::integer,
      ${last.timeout_seconds}::integer, task.updated_at, task.updated_at, task.updated_at
    from task`.execute(tx)
  await appendEvents(store, tx, { task_id: last.task_id, session_id: next.id }, [
    { type: 'session.created', data: { prompt: next.prompt, model } },
  ])
  await notify(tx, 'queue')
}
