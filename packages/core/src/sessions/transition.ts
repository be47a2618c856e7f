import assert from 'node:assert/strict'
import { canTransition, type SessionError, type State } from '@errand/contract'
import { sql, type UpdateObject } from 'kysely'
import { dropTaskCredentials } from '../credentials/drop-credentials.ts'
import { appendEvents } from '../events/append-events.ts'
import { storableJson } from '../events/storable-json.ts'
import type { Database, SessionRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { queueTaskDeliveries } from '../webhooks/queue-deliveries.ts'

export interface Transition {
  to: State
  /** Why, for who reads the log. */
  reason?: string
  error?: SessionError
  /** What else changes in the same statement, beside what every change to this state brings. */
  set?: Omit<UpdateObject<Database, 'sessions'>, 'state' | 'error' | 'updated_at'>
}

/**
 * Moves a session to another state: the only place that writes `state`, held to contract's table of
 * transitions. The task follows, an event tells it, who waits is woken, and with an end goes the token
 * that was kept for it. The caller has locked the
 * session's row in this transaction and knows that the table allows the move: another is a mistake
 * of ours, and nothing is written.
 */
export async function transition(
  store: Store,
  tx: Tx,
  session: SessionRow,
  change: Transition,
): Promise<SessionRow> {
  assert(canTransition(session.state, change.to), `${session.state} -> ${change.to} is not allowed`)
  const moved = await tx
    .updateTable('sessions')
    .set({
      ...effectsOf(store, change.to),
      ...change.set,
      state: change.to,
      updated_at: now(store),
      ...(change.error === undefined ? {} : { error: JSON.stringify(storableJson(change.error)) }),
    })
    .where('id', '=', session.id)
    .where('state', '=', session.state)
    .where('attempt', '=', session.attempt)
    .returningAll()
    .executeTakeFirst()
  assert(moved !== undefined, 'a session is moved with its row locked')

  await tx
    .updateTable('tasks')
    .set({ state: moved.state, updated_at: moved.updated_at })
    .where('id', '=', moved.task_id)
    .where('session_count', '=', moved.number)
    .execute()
  await dropTaskCredentials(tx, moved, moved.state)
  await appendEvents(store, tx, { task_id: moved.task_id, session_id: moved.id }, [
    {
      type: 'session.state_changed',
      data: {
        from: session.state,
        to: moved.state,
        attempt: moved.attempt,
        ...(change.reason === undefined ? {} : { reason: change.reason }),
        ...(change.error === undefined ? {} : { error: change.error }),
      },
    },
  ])
  await queueTaskDeliveries(store, tx, moved, moved.state)
  // Whatever moved, either a session is ready or a slot is free.
  notify(tx, 'queue')
  return moved
}

/**
 * A session was added to a task, queued by its column's default: the task is queued with it, and no
 * longer archived. Returns the new number of sessions.
 */
export async function queueTask(store: Store, tx: Tx, taskId: string): Promise<number> {
  const queued = await tx
    .updateTable('tasks')
    .set({
      state: 'queued',
      session_count: sql<number>`session_count + 1`,
      archived_at: null,
      updated_at: now(store),
    })
    .where('id', '=', taskId)
    .returning('session_count')
    .executeTakeFirstOrThrow()
  notify(tx, 'queue')
  return queued.session_count
}

/** What every change to a state brings, wherever it comes from. */
function effectsOf(store: Store, to: State): Transition['set'] {
  const time = now(store)
  const waitEnds = {
    waiting_since: null,
    waited_seconds: sql<number>`waited_seconds + coalesce(extract(epoch from ${time} - waiting_since), 0)`,
  }
  const end = {
    completed_at: time,
    lease_expires_at: null,
    waiting_since: null,
    end_after_push: null,
  }
  const effects = {
    // The clock of the queue starts again; the place in it does not, that goes by `position`.
    queued: { queued_at: time, lease_expires_at: null, ...waitEnds },
    in_progress: waitEnds,
    waiting_for_user: { waiting_since: time },
    // Accepted in filters, never entered.
    idle: {},
    completed: end,
    failed: end,
    timed_out: end,
    cancelled: end,
  } satisfies Record<State, Transition['set']>
  return effects[to]
}
