import type { LimitSettings } from '@errand/contract'
import { sql } from 'kysely'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import type { Lease, ReplayEntry } from './fence.ts'
import { transition } from './transition.ts'

/** Any number, as long as nothing else in this database takes the same lock. */
const admissionLock = 4_172_002

export interface LeaseOptions {
  /** Who asks: shown in the row, not trusted. */
  runner_id: string
  lease_seconds: number
  limits: LimitSettings
}

/**
 * Takes the next session the limits admit: highest priority first, then the oldest. One admission at
 * a time, by an advisory lock, else two runners would each count the other's slot as free. Undefined
 * when nothing is queued, or nothing that is queued may start.
 */
export async function leaseSession(
  store: Store,
  options: LeaseOptions,
): Promise<Lease | undefined> {
  return await transact(store, async (tx) => {
    await sql`select pg_advisory_xact_lock(${admissionLock})`.execute(tx)
    const next = await nextAdmissible(tx, options.limits)
    if (next === undefined) return undefined

    const resume = next.put_away && next.agent_session_id !== null
    const time = now(store)
    const session = await transition(store, tx, next, {
      to: 'in_progress',
      set: {
        attempt: next.attempt + 1,
        runner_id: options.runner_id,
        lease_expires_at: sql<Date>`${time} + make_interval(secs => ${options.lease_seconds})`,
        put_away: false,
        // A session that starts anew has its whole time again; one that goes on, what was left.
        ...(resume ? {} : { agent_session_id: null, started_at: time, waited_seconds: 0 }),
      },
    })
    if (session === undefined) return undefined

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
  })
}

/**
 * A session holds its slot from lease to end, a waiting one until its box is put away. A group at
 * its limit does not keep others waiting.
 */
async function nextAdmissible(tx: Tx, limits: LimitSettings): Promise<SessionRow | undefined> {
  const found = await sql<SessionRow>`
    with running as (
      select owner_id, repository_id, model
      from sessions
      where state in ('in_progress', 'waiting_for_user')
        and lease_expires_at is not null
    )
    select *
    from sessions as next
    where state = 'queued'
      and (select count(*) from running) < ${limits.total}
      and (select count(*) from running where owner_id = next.owner_id) < ${limits.per_owner}
      and (select count(*) from running where repository_id = next.repository_id) < ${limits.per_repository}
      and (select count(*) from running where model = next.model) < ${limits.per_model}
    order by priority desc, created_at, id
    limit 1
    for update`.execute(tx)
  return found.rows[0]
}

/** In the order it happened. Messages no attempt has taken yet are still to be delivered. */
async function replayOf(tx: Tx, sessionId: string): Promise<ReplayEntry[]> {
  const entries = await sql<ReplayEntry>`
    select role, content
    from (
      select number, 0 as place, 'question' as role, message as content
      from questions
      where session_id = ${sessionId} and answered_at is not null
      union all
      select number, 1 as place, 'answer' as role, answer as content
      from questions
      where session_id = ${sessionId} and answered_at is not null
      union all
      select number, 0 as place, 'message' as role, content
      from messages
      where session_id = ${sessionId} and taken_by_attempt is not null
    ) as said
    order by number, place`.execute(tx)
  return entries.rows
}
