import { randomUUID } from 'node:crypto'
import { ErrandError, type SessionError } from '@errand/contract'
import type { SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { addSession } from './add-session.ts'
import { fenced, type Lease } from './fence.ts'
import { takePending } from './messages.ts'
import { transition } from './transition.ts'

/** An end without the agent being done. */
export interface UnfinishedEnd {
  state: 'failed' | 'timed_out'
  error: SessionError
}

export type SessionEnd = { state: 'completed' } | UnfinishedEnd

/** The same end, with a sentence more in its message. */
export function endSaying({ state, error }: UnfinishedEnd, sentence: string): UnfinishedEnd {
  return { state, error: { ...error, message: `${error.message} ${sentence}` } }
}

/**
 * Ends a session, once. Messages that came too late for it are not lost: after `completed` they are
 * the prompt of a new session of the task, added in the same transaction.
 *
 * @throws StaleAttempt when the lease was lost; the end is then somebody else's to write.
 * @throws ErrandError conflict for `completed` while the session waits for an answer.
 */
export async function endSession(store: Store, lease: Lease, end: SessionEnd): Promise<void> {
  await fenced(store, lease, async (tx, session) => {
    if (end.state !== 'completed') {
      const { state, error } = end
      await transition(store, tx, session, { to: state, error, reason: error.message })
      return
    }
    if (session.state === 'waiting_for_user') {
      throw new ErrandError('conflict', {
        message: 'A session cannot complete while it waits for an answer; take the answer first',
      })
    }
    const ended = await transition(store, tx, session, { to: 'completed' })
    await followUpOnLateMessages(store, tx, ended)
  })
}

async function followUpOnLateMessages(store: Store, tx: Tx, ended: SessionRow): Promise<void> {
  const late = await takePending(tx, ended)
  const newest = late.at(-1)
  if (newest === undefined) return
  await addSession(store, tx, ended, {
    id: randomUUID(),
    prompt: late.map((message) => message.content).join('\n\n'),
    by: { id: newest.user_id, login: newest.user_login },
  })
}
