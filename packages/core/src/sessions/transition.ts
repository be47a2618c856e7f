import { canTransition, type SessionError, type State } from '@errand/contract'
import type { UpdateObject } from 'kysely'
import { appendEvents } from '../events/append-events.ts'
import { storableJson } from '../events/storable-json.ts'
import type { Database, SessionRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'

export interface Transition {
  to: State
  /** Why, for who reads the log. */
  reason?: string
  error?: SessionError
  /** What changes with the state, in the same statement. */
  set?: Omit<UpdateObject<Database, 'sessions'>, 'state' | 'error' | 'updated_at'>
}

/**
 * Moves a session to another state: the only place that writes `state`, held to contract's table of
 * transitions. The task follows, an event tells it, and who waits is woken. The caller has locked the
 * session's row in this transaction; undefined, and nothing changed, where the table forbids the move.
 */
export async function transition(
  store: Store,
  tx: Tx,
  session: SessionRow,
  change: Transition,
): Promise<SessionRow | undefined> {
  if (!canTransition(session.state, change.to)) return undefined
  const moved = await tx
    .updateTable('sessions')
    .set({
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
  if (moved === undefined) return undefined

  await tx
    .updateTable('tasks')
    .set({ state: moved.state, updated_at: moved.updated_at })
    .where('id', '=', moved.task_id)
    .where('session_count', '=', moved.number)
    .execute()
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
  // Whatever moved, either a session is ready or a slot is free.
  await notify(tx, 'queue')
  return moved
}

/** What a session loses when nobody works on it any more. */
export const withoutLease = { runner_id: null, lease_expires_at: null } as const
