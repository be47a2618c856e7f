import type { LimitSettings } from '@errand/contract'
import { sql } from 'kysely'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, runnerPatienceMs, transact } from '../store/transact.ts'
import type { Lease } from './fence.ts'
import { replayOf } from './replay.ts'
import { transition } from './transition.ts'

/** Any number, as long as nothing else in this database takes the same lock. */
const admissionLock = 4_172_002

export interface LeaseOptions {
  /** Who asks: shown in the row, not trusted. */
  runner_id: string
  lease_seconds: number
  limits: LimitSettings
  /** Only sessions on these models. Default: on any. */
  models?: string[]
  /**
   * The sessions whose workspaces are on this runner's machine. One whose unfinished work is to be
   * pushed is given to nobody else: there the work is. Default: none.
   */
  workspaces?: readonly string[]
}

/**
 * Takes the next session the limits admit: highest priority first, then the oldest. Undefined when
 * nothing is queued, or nothing that is queued may start.
 */
export async function leaseSession(
  store: Store,
  options: LeaseOptions,
): Promise<Lease | undefined> {
  // Runners ask all the time, mostly for nothing: that should not cost a lock.
  const next = await patiently(() => nextAdmissible(store.db, options))
  if (next === undefined) return undefined
  return await transact(store, (tx) => leaseNext(store, tx, options), runnerPatienceMs)
}

async function leaseNext(store: Store, tx: Tx, options: LeaseOptions): Promise<Lease | undefined> {
  // One admission at a time, else two runners would each take the last slot for their own.
  await sql`select pg_advisory_xact_lock(${admissionLock})`.execute(tx)
  const next = await lockNext(tx, options)
  if (next === undefined) return undefined

  const isToBePushed = next.end_after_push !== null
  const resume = next.put_away && (next.agent_session_id !== null || isToBePushed)
  const time = now(store)
  const session = await transition(store, tx, next, {
    to: 'in_progress',
    set: {
      attempt: next.attempt + 1,
      runner_id: options.runner_id,
      lease_expires_at: sql<Date>`${time} + make_interval(secs => ${options.lease_seconds})`,
      // Until it is pushed the work is in there, also if this runner is lost.
      put_away: isToBePushed,
      ...(resume
        ? {
            waited_seconds: sql<number>`waited_seconds + extract(epoch from ${time} - queued_at)`,
          }
        : { agent_session_id: null, started_at: time, waited_seconds: 0 }),
    },
  })
  const task = await tx
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', session.task_id)
    .executeTakeFirstOrThrow()
  return {
    session,
    task,
    attempt: session.attempt,
    runner_id: options.runner_id,
    resume,
    replay: await replayOf(tx, session.id),
  }
}

/** Locks the next admissible session. One that was cancelled meanwhile gives way to the one after. */
async function lockNext(tx: Tx, options: LeaseOptions): Promise<SessionRow | undefined> {
  for (;;) {
    const id = await nextAdmissible(tx, options)
    if (id === undefined) return undefined
    const session = await tx
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', id)
      .where('state', '=', 'queued')
      .forUpdate()
      .executeTakeFirst()
    if (session !== undefined) return session
  }
}

/**
 * The rule of admission. A session holds its slot from lease to end, a waiting one until its box is
 * put away; one whose runner is lost, until the sweep has taken it back. A group at its limit does
 * not keep those behind it waiting.
 */
async function nextAdmissible(
  db: Store['db'],
  { limits, models, workspaces = [] }: LeaseOptions,
): Promise<string | undefined> {
  const found = await sql<{ id: string }>`
    with running as (
      select owner_id, repository_id, model
      from sessions
      where state in ('in_progress', 'waiting_for_user')
        and lease_expires_at is not null
    )
    select id
    from sessions
    where state = 'queued'
      and (end_after_push is null or id::text = any(${workspaces}::text[]))
      and (${models ?? null}::text[] is null or model = any(${models ?? null}::text[]))
      and (select count(*) from running) < ${limits.total}
      and owner_id not in (
        select owner_id from running group by owner_id having count(*) >= ${limits.per_owner})
      and repository_id not in (
        select repository_id from running group by repository_id having count(*) >= ${limits.per_repository})
      and model not in (
        select model from running group by model having count(*) >= ${limits.per_model})
    order by priority desc, position
    limit 1`.execute(db)
  return found.rows[0]?.id
}
