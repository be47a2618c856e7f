import type { SessionRow, TaskRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { transactPatiently } from '../store/transact.ts'

/** A runner's hold on a session. Whatever it writes says this `attempt`. */
export interface Lease {
  session: SessionRow
  task: TaskRow
  attempt: number
  runner_id: string
  /** True when the put-away box and agent of an earlier attempt are to be opened again. */
  resume: boolean
  /** What was asked, answered and said in earlier attempts, oldest first. */
  replay: ReplayEntry[]
}

export interface ReplayEntry {
  role: 'question' | 'answer' | 'message'
  content: string
}

/** The lease is lost: cancelled, timed out, or given to another. Stop, and change nothing. */
export class StaleAttempt extends Error {
  constructor(lease: Lease) {
    super(`attempt ${lease.attempt} of session ${lease.session.id} no longer holds its lease`)
    this.name = 'StaleAttempt'
  }
}

/**
 * Runs `work` while the lease is held: the session's row stays locked, so that nobody can take the
 * lease in between. A lease past its time still holds until somebody else takes it.
 *
 * @throws StaleAttempt, and nothing is changed.
 */
export async function fenced<T>(
  store: Store,
  lease: Lease,
  work: (tx: Tx, session: SessionRow) => Promise<T>,
): Promise<T> {
  return await transactPatiently(store, async (tx) => {
    const session = await tx
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', lease.session.id)
      .where('attempt', '=', lease.attempt)
      .where('state', 'in', ['in_progress', 'waiting_for_user'])
      .where('lease_expires_at', 'is not', null)
      .forUpdate()
      .executeTakeFirst()
    if (session === undefined) throw new StaleAttempt(lease)
    return await work(tx, session)
  })
}
