import { randomUUID } from 'node:crypto'
import { invalidField } from '@errand/contract'
import { sql } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import { changesChannel } from '../store/changes.ts'
import type { TaskRow } from '../store/schema.ts'
import { now, type Store } from '../store/store.ts'

/** A task as it is asked for, checked and resolved: the model and the agent are known. */
export interface NewTask {
  prompt: string
  /** Default: the prompt's first line, at most 80 characters of it. */
  name?: string
  model: string
  agent: string
  /** What the caller wrote in `model`, if anything. */
  requested_model?: string
  custom_agent?: string
  base_ref: string
  head_ref?: string
  create_pull_request: boolean
  timeout_minutes: number
  priority: number
  creator: { id: number; login: string }
  repository: {
    id: number
    full_name: string
    owner: { id: number; login: string; type: 'User' | 'Organization' }
  }
  /** The same key and hash from the same creator in the same repository is the same task. */
  idempotency?: { key: string; body_hash: string }
}

/**
 * Creates a task with its first session, which is its own job in the queue, and its first event: in
 * one statement, so that none is ever without the others. With an idempotency key seen before, the
 * task is answered as it is now, `replayed`.
 *
 * @throws ErrandError validation_failed when the key came before with another body.
 */
export async function createTask(
  store: Store,
  input: NewTask,
): Promise<{ task: TaskRow; replayed: boolean }> {
  const created = await insertTask(store, input)
  if (created !== undefined) return { task: created, replayed: false }

  const earlier = await store.db
    .selectFrom('tasks')
    .selectAll()
    .where('creator_id', '=', input.creator.id)
    .where('repository_id', '=', input.repository.id)
    .where('idempotency_key', '=', input.idempotency?.key ?? '')
    .executeTakeFirstOrThrow()
  if (earlier.idempotency_hash !== input.idempotency?.body_hash) {
    throw invalidField(
      'Idempotency-Key',
      `Idempotency-Key was already used for task ${earlier.id} with another body; use a new key for another task`,
    )
  }
  return { task: earlier, replayed: true }
}

/** Undefined where the idempotency key is taken. */
async function insertTask(store: Store, input: NewTask): Promise<TaskRow | undefined> {
  const taskId = randomUUID()
  const sessionId = randomUUID()
  const prompt = storableText(input.prompt, Infinity)
  const { creator, repository, idempotency } = input
  const created = { prompt: storableText(prompt), model: input.model }
  const inserted = await sql<TaskRow>`
    with task as (
      insert into tasks (id, name, state, event_count, creator_id, creator_login, owner_id, owner_login,
        owner_type, repository_id, repository_full_name, base_ref, head_ref, custom_agent,
        requested_model, create_pull_request, idempotency_key, idempotency_hash, created_at, updated_at)
      select ${taskId}::uuid, ${input.name ?? nameOf(prompt)}, 'queued', 1, ${creator.id}::bigint,
        ${creator.login}, ${repository.owner.id}::bigint, ${repository.owner.login},
        ${repository.owner.type}, ${repository.id}::bigint, ${repository.full_name},
        ${input.base_ref}, ${input.head_ref ?? null}::text, ${input.custom_agent ?? null}::text,
        ${input.requested_model ?? null}::text, ${input.create_pull_request}::boolean,
        ${idempotency?.key ?? null}::text, ${idempotency?.body_hash ?? null}::text, time, time
      from (select ${now(store)} as time) as clock
      on conflict (creator_id, repository_id, idempotency_key) where idempotency_key is not null
        do nothing
      returning *
    ), session as (
      insert into sessions (id, task_id, number, state, prompt, model, agent, user_id, user_login,
        owner_id, repository_id, base_ref, head_ref, priority, timeout_seconds,
        created_at, updated_at, queued_at)
      select ${sessionId}::uuid, id, 1, 'queued', ${prompt}, ${input.model}, ${input.agent},
        creator_id, creator_login, owner_id, repository_id, base_ref, head_ref,
        ${input.priority}::integer, ${Math.round(input.timeout_minutes * 60)}::integer,
        created_at, created_at, created_at
      from task
    ), event as (
      insert into events (task_id, number, session_id, type, timestamp, data)
      select id, 1, ${sessionId}::uuid, 'session.created', created_at, ${JSON.stringify(created)}::jsonb
      from task
    )
    select task.*, pg_notify(${changesChannel}, 'queue') from task`.execute(store.db)
  return inserted.rows[0]
}

/** GitHub derives the name from the prompt by a rule it does not tell (behaviour.md 1.5). */
function nameOf(prompt: string): string {
  const line = prompt
    .split('\n')
    .map((text) => text.replace(/^#+\s+/, '').trim())
    .find((text) => text !== '')
  const name = line ?? 'Task'
  return name.length > 80 ? `${name.slice(0, 79).toWellFormed()}…` : name
}
