import { randomUUID } from 'node:crypto'
import { invalidField } from '@errand/contract'
import { sql } from 'kysely'
import { type Credential, placeOfTask } from '../credentials/keep-credential.ts'
import { storableJson, storableText } from '../events/storable-json.ts'
import type { TaskRow } from '../store/schema.ts'
import { now, type Store } from '../store/store.ts'
import { hooksOfTask, hooksStay } from '../webhooks/queue-deliveries.ts'
import { patiently } from '../store/transact.ts'
import { nameOf } from './task-name.ts'

/** A task as it is asked for, checked and resolved: the model and the agent are known. */
export interface NewTask {
  prompt: string
  /** Default: from the prompt's first line. */
  name?: string
  model: string
  agent: string
  /** Why, where nobody named it. */
  model_reason?: string
  /** What the caller wrote in `model`, if anything. */
  requested_model?: string
  custom_agent?: string
  base_ref: string
  head_ref?: string
  create_pull_request: boolean
  timeout_minutes: number
  priority: number
  /** What it may cost in all, in nano AI credits. */
  max_nano?: number
  max_multiplier?: number
  /** Whether its unfinished work is pushed when it has waited too long. Default: as the settings say. */
  push_unfinished?: boolean
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
 * task is answered as it is now, `replayed`; a key is kept as long as its task.
 *
 * @param credential the creator's token, kept for the task as long as it works
 *
 * @throws ErrandError validation_failed when the key came before with another body.
 */
export async function createTask(
  store: Store,
  input: NewTask,
  credential?: Credential,
): Promise<{ task: TaskRow; replayed: boolean }> {
  // The ids are made once: when the connection is lost in between, the statement can be sent again,
  // and finds either nothing of the first time or all of it.
  const ids = { task: randomUUID(), session: randomUUID() }
  const created = await patiently(() => createOrFind(store, input, ids, credential))
  if (!created.replayed) store.changes.publish(['queue'])
  return created
}

async function createOrFind(
  store: Store,
  input: NewTask,
  ids: { task: string; session: string },
  credential: Credential | undefined,
): Promise<{ task: TaskRow; replayed: boolean }> {
  const task = await insertTask(store, store.db, input, ids, credential)
  if (task !== undefined) return { task, replayed: false }

  const earlier = await store.db
    .selectFrom('tasks')
    .selectAll()
    .where((where) =>
      where.or([
        where('id', '=', ids.task),
        where.and({
          creator_id: input.creator.id,
          repository_id: input.repository.id,
          idempotency_key: input.idempotency?.key ?? '',
        }),
      ]),
    )
    .executeTakeFirstOrThrow()
  if (earlier.id === ids.task) return { task: earlier, replayed: false }
  if (earlier.idempotency_hash !== input.idempotency?.body_hash) {
    throw invalidField(
      'Idempotency-Key',
      `Idempotency-Key was already used for task ${earlier.id} with another body; use a new key for another task`,
    )
  }
  return { task: earlier, replayed: true }
}

/**
 * The statement of a create, for a transaction that writes more than a task: who calls it tells of
 * the new work (`notify(tx, 'queue')`). Undefined where the id or the idempotency key is taken.
 */
export async function insertTask(
  store: Pick<Store, 'clock'>,
  db: Store['db'],
  input: NewTask,
  ids: { task: string; session: string },
  credential?: Credential,
): Promise<TaskRow | undefined> {
  const { creator, repository, idempotency } = input
  const prompt = storableText(input.prompt)
  const sealed = credential?.(placeOfTask(ids.task, creator.id)) ?? null
  const reason = input.model_reason === undefined ? {} : { model_reason: input.model_reason }
  const firstEvent = JSON.stringify(storableJson({ prompt, model: input.model, ...reason }))
  const inserted = await sql<TaskRow>`
    with task as (
      insert into tasks (id, name, event_count, creator_id, creator_login, owner_id, owner_login,
        owner_type, repository_id, repository_full_name, base_ref, head_ref, custom_agent,
        requested_model, create_pull_request, max_nano, max_multiplier, push_unfinished,
        idempotency_key, idempotency_hash, created_at, updated_at)
      select ${ids.task}::uuid, ${storableText(input.name ?? nameOf(prompt))}::text, 1,
        ${creator.id}::bigint, ${creator.login}::text, ${repository.owner.id}::bigint,
        ${repository.owner.login}::text, ${repository.owner.type}::text, ${repository.id}::bigint,
        ${repository.full_name}::text, ${input.base_ref}::text, ${input.head_ref ?? null}::text,
        ${storableOrNull(input.custom_agent)}::text, ${storableOrNull(input.requested_model)}::text,
        ${input.create_pull_request}::boolean, ${input.max_nano ?? null}::bigint,
        ${input.max_multiplier ?? null}::double precision,
        ${input.push_unfinished ?? null}::boolean, ${idempotency?.key ?? null}::text,
        ${idempotency?.body_hash ?? null}::text, clock.time, clock.time
      from (select ${now(store)} as time) as clock
      on conflict do nothing
      returning *
    ), session as (
      insert into sessions (id, task_id, number, prompt, model, agent, user_id, user_login, owner_id,
        repository_id, base_ref, head_ref, priority, timeout_seconds, created_at, updated_at, queued_at)
      select ${ids.session}::uuid, id, 1, ${prompt}::text, ${input.model}::text,
        ${input.agent}::text, creator_id, creator_login, owner_id, repository_id, base_ref, head_ref,
        ${input.priority}::integer, ${Math.round(input.timeout_minutes * 60)}::integer,
        created_at, created_at, created_at
      from task
    ), event as (
      insert into events (task_id, number, session_id, type, timestamp, data)
      select id, 1, ${ids.session}::uuid, 'session.created', created_at, ${firstEvent}::json
      from task
    ), credential as (
      insert into credentials (task_id, user_id, sealed, created_at)
      select id, creator_id, ${sealed}::text, created_at
      from task
      where ${sealed}::text is not null
    ), delivery as (
      insert into webhook_deliveries (webhook_id, guid, event, action, task_id, session_id,
        repository_id, created_at, next_at)
      select hook.id, gen_random_uuid(), 'agent_task', 'queued', task.id, ${ids.session}::uuid,
        task.repository_id, task.created_at, task.created_at
      from task
      join webhooks as hook on ${hooksOfTask}
      ${hooksStay}
    )
    select * from task`.execute(db)
  return inserted.rows[0]
}

function storableOrNull(text: string | undefined): string | null {
  return text === undefined ? null : storableText(text)
}
