import type { SessionSettings } from '@errand/contract'
import { type RawBuilder, sql } from 'kysely'
import { isDisconnected } from '../store/connection-lost.ts'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { endSaying, type UnfinishedEnd } from './end.ts'
import { takeBackLease } from './lost.ts'
import { openQuestion } from './questions.ts'
import { transition } from './transition.ts'
import { endOfWait, isPushAsked, pushThenEnd } from './wait-limit.ts'

/** What the passing of time does to a session, and to which: the exits by time of docs/states.md. */
interface TimeRule {
  isDue: RawBuilder<boolean>
  apply(tx: Tx, session: SessionRow): Promise<unknown>
}

/**
 * One pass over all sessions whose time is up: leases that ran out, and the exit by time that every
 * state has. Safe to run in several processes at once, and again: each session is looked at anew
 * under its lock, and one that another process has locked is left to it. Returns how many sessions
 * were changed.
 */
export async function sweepSessions(
  store: Store,
  settings: { sessions: SessionSettings },
): Promise<number> {
  let changed = 0
  for (const rule of timeRules(store, settings.sessions)) changed += await sweep(store, rule)
  return changed
}

function timeRules(store: Store, settings: SessionSettings): TimeRule[] {
  const time = now(store)
  return [
    // Before the leases: a session out of time is not started again because its runner died as well. The
    // time after its lease ran out is not its own: nobody worked then, if only because no server ran.
    {
      // What is only being pushed has a time of its own, which its runner keeps.
      isDue: sql`state = 'in_progress' and end_after_push is null
        and started_at + make_interval(secs => timeout_seconds + waited_seconds)
          < least(${time}, lease_expires_at)`,
      apply: (tx, session) => timeOutRunning(store, tx, session),
    },
    {
      isDue: sql`state in ('in_progress', 'waiting_for_user') and lease_expires_at < ${time}`,
      apply: (tx, session) => takeBackExpired(store, tx, session, settings.max_attempts),
    },
    {
      isDue: sql`state = 'queued'
        and queued_at + make_interval(mins => ${settings.queue_timeout_minutes}::integer) < ${time}`,
      apply: (tx, session) => failUnstarted(store, tx, session, settings.queue_timeout_minutes),
    },
    {
      isDue: sql`state = 'waiting_for_user'
        and waiting_since + make_interval(mins => ${settings.waiting_timeout_minutes}::integer) < ${time}`,
      apply: (tx, session) => timeOutWaiting(store, tx, session, settings),
    },
  ]
}

async function sweep(store: Store, rule: TimeRule): Promise<number> {
  const due = await patiently(() =>
    sql<{ id: string }>`
      select id from sessions where ${rule.isDue} order by position limit 1000`.execute(store.db),
  )
  let changed = 0
  for (const { id } of due.rows) {
    try {
      if (await transact(store, (tx) => applyIfDue(tx, id, rule))) changed += 1
    } catch (error) {
      if (isDisconnected(error)) throw error
      // One session that cannot be changed must not keep the others from their end.
      store.log.error({ err: error, session_id: id }, 'a session whose time is up stays as it is')
    }
  }
  return changed
}

async function applyIfDue(tx: Tx, id: string, rule: TimeRule): Promise<boolean> {
  const locked = await sql<SessionRow>`
    select *
    from sessions
    where id = ${id}
      and ${rule.isDue}
    for update skip locked`.execute(tx)
  const session = locked.rows[0]
  if (session === undefined) return false
  await rule.apply(tx, session)
  return true
}

async function takeBackExpired(store: Store, tx: Tx, session: SessionRow, maxAttempts: number) {
  const losses = session.losses + 1
  if (session.state === 'waiting_for_user' || losses < maxAttempts) {
    await takeBackLease(store, tx, session, { reason: 'The runner was lost', losses })
    return
  }
  const times = maxAttempts === 1 ? 'once' : `${maxAttempts} times`
  if (session.end_after_push !== null) {
    const sentence = `Its work could not be pushed: the runner was lost ${times}.`
    await endByTime(store, tx, session, endSaying(session.end_after_push, sentence))
    return
  }
  await endByTime(store, tx, session, {
    state: 'failed',
    error: {
      message: `The runner was lost ${times} while working on this session, so it was given up.`,
      category: 'internal',
      title: 'Runner lost',
      remedy: 'See the log of the runners: the task itself may be what ends them.',
      retryable: true,
    },
  })
}

async function timeOutRunning(store: Store, tx: Tx, session: SessionRow) {
  const limit = minutes(Math.round(session.timeout_seconds / 60))
  await endByTime(store, tx, session, {
    state: 'timed_out',
    error: {
      message: `The session ran for longer than its limit of ${limit}.`,
      category: 'limit',
      title: 'Out of time',
      remedy: 'Ask for less in one task, or raise timeout_minutes.',
      retryable: true,
    },
  })
}

async function failUnstarted(store: Store, tx: Tx, session: SessionRow, limit: number) {
  if (session.end_after_push !== null) {
    const sentence = `Its work could not be found: no runner that has it took the session within ${minutes(limit)}.`
    const { error } = endSaying(session.end_after_push, sentence)
    // Queued for too long is `failed`, whatever it was queued for.
    await endByTime(store, tx, session, { state: 'failed', error })
    return
  }
  await endByTime(store, tx, session, {
    state: 'failed',
    error: {
      message: `No runner took the session within ${minutes(limit)}.`,
      category: 'queue',
      title: 'Queued too long',
      remedy: 'Check that a runner is up, and the limits; then send the task again.',
      retryable: true,
    },
  })
}

async function timeOutWaiting(
  store: Store,
  tx: Tx,
  session: SessionRow,
  settings: SessionSettings,
) {
  const question = await openQuestion(tx, session.id)
  const end = endOfWait(question, minutes(settings.waiting_timeout_minutes))
  if (await isPushAsked(tx, session, settings)) {
    await pushThenEnd(store, tx, session, end)
    return
  }
  await endByTime(store, tx, session, end)
}

async function endByTime(
  store: Store,
  tx: Tx,
  session: SessionRow,
  { state, error }: UnfinishedEnd,
): Promise<void> {
  await transition(store, tx, session, { to: state, reason: error.message, error })
}

function minutes(count: number): string {
  return count === 1 ? '1 minute' : `${count} minutes`
}
