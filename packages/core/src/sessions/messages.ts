import type { MessageRow, SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { fenced, type Lease } from './fence.ts'

/**
 * Takes the messages users have sent since the last time, oldest first. Should this attempt be lost,
 * the next one finds them in its replay.
 *
 * @throws StaleAttempt when the lease was lost.
 */
export async function takeMessages(
  store: Store,
  lease: Lease,
): Promise<{ message_id: string; content: string }[]> {
  return await fenced(store, lease, async (tx, session) => {
    const taken = await takePending(tx, session)
    return taken.map(({ id, content }) => ({ message_id: id, content }))
  })
}

/** Takes what no attempt has taken, for the session's attempt; its row is locked. */
export async function takePending(tx: Tx, session: SessionRow): Promise<MessageRow[]> {
  const taken = await tx
    .updateTable('messages')
    .set({ taken_by_attempt: session.attempt })
    .where('session_id', '=', session.id)
    .where('taken_by_attempt', 'is', null)
    .returningAll()
    .execute()
  return taken.sort((a, b) => a.number - b.number)
}

/** Whether users have sent messages that nobody has taken yet. */
export async function hasMessages(store: Store, sessionId: string): Promise<boolean> {
  const found = await store.db
    .selectFrom('messages')
    .select('id')
    .where('session_id', '=', sessionId)
    .where('taken_by_attempt', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}
