import { randomUUID } from 'node:crypto'
import type { SessionError } from '@errand/contract'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { fenced, type Lease } from './fence.ts'
import { addSession } from './add-session.ts'
import { transition, withoutLease } from './transition.ts'

export type SessionEnd =
  | { state: 'completed' }
  | { state: 'failed' | 'timed_out'; error: SessionError }

/**
 * Ends a session, once. Messages that came too late for it are not lost: after `completed` they are
 * the prompt of a new session of the task.
 *
 * @throws StaleAttempt when the lease was lost; the end is then somebody else's to write.
 */
export async function endSession(store: Store, lease: Lease, end: SessionEnd): Promise<void> {
  await fenced(store, lease, async (tx, session) => {
    const ended = await transition(store, tx, session, {
      to: end.state,
      ...(end.state === 'completed' ? {} : { error: end.error, reason: end.error.message }),
      set: { ...withoutLease, waiting_since: null, completed_at: now(store) },
    })
    if (ended?.state === 'completed') await followUpOnLateMessages(store, tx, ended)
  })
}

async function followUpOnLateMessages(store: Store, tx: Tx, ended: SessionRow): Promise<void> {
  const late = await tx
    .updateTable('messages')
    .set({ taken_by_attempt: ended.attempt })
    .where('session_id', '=', ended.id)
    .where('taken_by_attempt', 'is', null)
    .returning(['number', 'content'])
    .execute()
  if (late.length === 0) return
  const prompt = late
    .sort((a, b) => a.number - b.number)
    .map((message) => message.content)
    .join('\n\n')
  await addSession(store, tx, ended, { id: randomUUID(), prompt })
}
