import type { SessionRow, TaskRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { runnerPatienceMs, transact } from '../store/transact.ts'

/** A runner's hold on a session. Whatever it writes says this `attempt`. */
export interface Lease {
  session: SessionRow
  task: TaskRow
  attempt: number
  runner_id: string
  /** True when the put-away box of an earlier attempt is to be opened again, and its agent unless `end_after_push` is set. */
  resume: boolean
  /**
   * What was asked, answered and said in earlier attempts, oldest first. For a session to be resumed
   * the last entry is the answer it waited for.
   */
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
 * lease in between. A lease past its time still holds until somebody takes it back.
 *
 * @throws StaleAttempt, and nothing is changed.
 */
export async function fenced<T>(
  store: Store,
  lease: Lease,
  work: (tx: Tx, session: SessionRow) => Promise<T>,
): Promise<T> {
  return await transact(
    store,
    async (tx) => {
      const session = await lockLeased(tx, lease)
      if (session === undefined) throw new StaleAttempt(lease)
      return await work(tx, session)
    },
    runnerPatienceMs,
  )
}

/** The session's row, locked, if the lease still holds it. */
export async function lockLeased(tx: Tx, lease: Lease): Promise<SessionRow | undefined> {
  return await tx
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', lease.session.id)
    .where('attempt', '=', lease.attempt)
    .where('state', 'in', ['in_progress', 'waiting_for_user'])
    .where('lease_expires_at', 'is not', null)
    .forUpdate()
    .executeTakeFirst()
}
