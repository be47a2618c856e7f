import type { SessionRow } from '../store/schema.ts'
import { notify, type Store, type Tx } from '../store/store.ts'
import { runnerPatienceMs, transact } from '../store/transact.ts'
import { type Lease, lockLeased } from './fence.ts'
import { openQuestion } from './questions.ts'
import { transition } from './transition.ts'

/**
 * Takes a lease back from a runner that is gone or gives it up; the session's row is locked. One that
 * was working goes to the queue to start anew. One that was waiting live keeps waiting: its box counts
 * as put away, to be opened again if the agent's own session is known, else the agent starts anew
 * when the answer comes.
 */
export async function takeBackLease(
  store: Store,
  tx: Tx,
  session: SessionRow,
  loss: { reason: string; losses: number },
): Promise<void> {
  if (session.state === 'in_progress') {
    await transition(store, tx, session, {
      to: 'queued',
      reason: loss.reason,
      set: { losses: loss.losses },
    })
    return
  }
  if ((await openQuestion(tx, session.id)) === undefined) {
    await transition(store, tx, session, {
      to: 'queued',
      reason: 'The question was answered',
      set: { put_away: true },
    })
    return
  }
  await tx
    .updateTable('sessions')
    .set({ lease_expires_at: null, put_away: true })
    .where('id', '=', session.id)
    .execute()
  notify(tx, 'queue', `task:${session.task_id}`)
}

/**
 * Gives the session back at once, as when a runner is told to stop: what else happens when its lease
 * runs out, without the wait. Nothing happens where the lease is already lost.
 */
export async function releaseLease(store: Store, lease: Lease): Promise<void> {
  await transact(
    store,
    async (tx) => {
      const session = await lockLeased(tx, lease)
      if (session === undefined) return
      const loss = { reason: 'The runner was stopped', losses: session.losses }
      await takeBackLease(store, tx, session, loss)
    },
    runnerPatienceMs,
  )
}
