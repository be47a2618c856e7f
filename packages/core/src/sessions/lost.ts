import type { SessionRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { transactPatiently } from '../store/transact.ts'
import type { Lease } from './fence.ts'
import { noLongerWaiting, openQuestion } from './questions.ts'
import { transition, withoutLease } from './transition.ts'

/**
 * What becomes of a session whose runner is gone; its row is locked. One that was working starts
 * anew. One that was waiting live keeps waiting: its box counts as put away, to be opened again if
 * the agent's own session is known, else the agent starts anew when the answer comes.
 */
export async function giveUpLease(
  store: Store,
  tx: Tx,
  session: SessionRow,
  loss: { reason: string; isLoss: boolean },
): Promise<void> {
  const set = { ...withoutLease, losses: session.losses + (loss.isLoss ? 1 : 0) }
  // The clock of the queue starts again, the place in it does not: that goes by created_at.
  const requeued = { ...set, queued_at: now(store) }
  if (session.state === 'in_progress') {
    await transition(store, tx, session, { to: 'queued', reason: loss.reason, set: requeued })
    return
  }
  if ((await openQuestion(tx, session.id)) === undefined) {
    await transition(store, tx, session, {
      to: 'queued',
      reason: 'The question was answered',
      set: { ...requeued, ...noLongerWaiting(store, session), put_away: true },
    })
    return
  }
  await tx
    .updateTable('sessions')
    .set({ ...set, put_away: true })
    .where('id', '=', session.id)
    .execute()
  await notify(tx, 'queue', `task:${session.task_id}`)
}

/**
 * Gives the session back at once, as when a runner is told to stop: what else happens when its lease
 * runs out, without the wait. Nothing happens where the lease is already lost.
 */
export async function releaseLease(store: Store, lease: Lease): Promise<void> {
  await transactPatiently(store, async (tx) => {
    const session = await tx
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', lease.session.id)
      .where('attempt', '=', lease.attempt)
      .where('state', 'in', ['in_progress', 'waiting_for_user'])
      .where('lease_expires_at', 'is not', null)
      .forUpdate()
      .executeTakeFirst()
    if (session === undefined) return
    await giveUpLease(store, tx, session, { reason: 'The runner was stopped', isLoss: false })
  })
}
