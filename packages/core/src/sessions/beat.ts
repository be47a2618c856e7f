import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { type Lease, StaleAttempt } from './fence.ts'

/**
 * Says that the runner is alive, and keeps the lease for another `leaseSeconds`. Not patient: a
 * runner that cannot reach the store for the length of its lease has to stop, not to wait. A lease
 * past its time that nobody has taken back yet is kept as well.
 *
 * @throws StaleAttempt when the lease was lost, also when the task was cancelled.
 * @throws ConnectionLost when the database is away; see `isDisconnected`.
 */
export async function beatLease(store: Store, lease: Lease, leaseSeconds: number): Promise<void> {
  const kept = await sql`
    update sessions
    set lease_expires_at = ${now(store)} + make_interval(secs => ${leaseSeconds})
    where id = ${lease.session.id}
      and attempt = ${lease.attempt}
      and state in ('in_progress', 'waiting_for_user')
      and lease_expires_at is not null
    returning id`.execute(store.db)
  if (kept.rows.length === 0) throw new StaleAttempt(lease)
}
