import type { SessionSettings } from '@errand/contract'
import { type RawBuilder, sql } from 'kysely'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { giveUpLease } from './lost.ts'
import { transition, withoutLease } from './transition.ts'

/**
 * One pass over all sessions whose time is up: leases that ran out, and the exit by time that every
 * state has. Safe to run in several processes at once, and again: each session is looked at under its
 * lock, and rows another pass has locked are left to it. Returns how many sessions were changed.
 */
export async function sweepSessions(
  store: Store,
  settings: { sessions: SessionSettings },
): Promise<number> {
  const { sessions } = settings
  const time = now(store)
  const rules: [RawBuilder<boolean>, (tx: Tx, session: SessionRow) => Promise<unknown>][] = [
    [
      sql`state = 'in_progress' and ${time} > started_at + make_interval(secs => timeout_seconds + waited_seconds)`,
      (tx, session) => timeOut(store, tx, session),
    ],
    [
      sql`state in ('in_progress', 'waiting_for_user') and lease_expires_at < ${time}`,
      (tx, session) => takeBack(store, tx, session, sessions.max_attempts),
    ],
    [
      sql`state = 'queued' and queued_at < ${time} - make_interval(mins => ${sessions.queue_timeout_minutes}::integer)`,
      (tx, session) => failUnstarted(store, tx, session, sessions.queue_timeout_minutes),
    ],
    [
      sql`state = 'waiting_for_user' and waiting_since < ${time} - make_interval(mins => ${sessions.waiting_timeout_minutes}::integer)`,
      (tx, session) => giveUpWaiting(store, tx, session, sessions.waiting_timeout_minutes),
    ],
  ]
  let changed = 0
  for (const [rule, handle] of rules) changed += await sweep(store, rule, handle)
  return changed
}

async function sweep(
  store: Store,
  rule: RawBuilder<boolean>,
  handle: (tx: Tx, session: SessionRow) => Promise<unknown>,
): Promise<number> {
  return await transact(store, async (tx) => {
    const due = await sql<SessionRow>`
      select *
      from sessions
      where ${rule}
      order by created_at
      limit 100
      for update skip locked`.execute(tx)
    for (const session of due.rows) await handle(tx, session)
    return due.rows.length
  })
}

async function takeBack(store: Store, tx: Tx, session: SessionRow, maxAttempts: number) {
  if (session.losses + 1 < maxAttempts || session.state === 'waiting_for_user') {
    await giveUpLease(store, tx, session, { reason: 'The runner was lost', isLoss: true })
    return
  }
  const message = `The runner was lost ${maxAttempts} times while working on this session, so it was given up.`
  await transition(store, tx, session, {
    to: 'failed',
    reason: message,
    error: {
      message,
      category: 'internal',
      title: 'Runner lost',
      remedy: 'See the log of the runners: the task itself may be what ends them.',
      retryable: true,
    },
    set: { ...withoutLease, losses: session.losses + 1, completed_at: now(store) },
  })
}

async function timeOut(store: Store, tx: Tx, session: SessionRow) {
  const minutes = Math.round(session.timeout_seconds / 60)
  const message = `The session ran for longer than its limit of ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
  await transition(store, tx, session, {
    to: 'timed_out',
    reason: message,
    error: {
      message,
      category: 'limit',
      title: 'Out of time',
      remedy: 'Ask for less in one task, or raise timeout_minutes.',
      retryable: true,
    },
    set: { ...withoutLease, completed_at: now(store) },
  })
}

async function failUnstarted(store: Store, tx: Tx, session: SessionRow, minutes: number) {
  const message = `No runner took the session within ${minutes} minutes.`
  await transition(store, tx, session, {
    to: 'failed',
    reason: message,
    error: {
      message,
      category: 'queue',
      title: 'Queued too long',
      remedy: 'Check that a runner is up, and the limits; then send the task again.',
      retryable: true,
    },
    set: { completed_at: now(store) },
  })
}

async function giveUpWaiting(store: Store, tx: Tx, session: SessionRow, minutes: number) {
  const message = `The question was not answered within ${minutes} minutes.`
  await transition(store, tx, session, {
    to: 'timed_out',
    reason: message,
    error: {
      message,
      category: 'limit',
      title: 'Waited too long for an answer',
      remedy: 'Send a message to the task to start another session.',
      retryable: true,
    },
    set: { ...withoutLease, waiting_since: null, completed_at: now(store) },
  })
}
