import { type Lease, leaseSession, type Store } from '@errand/core'

const limits = { total: 1000, per_owner: 1000, per_repository: 1000, per_model: 1000 }

/** Leases the session of this task as a runner would; those queued before it are leased on the way. */
export async function leaseTask(store: Store, taskId: string): Promise<Lease> {
  for (;;) {
    const lease = await leaseSession(store, { runner_id: 'test', lease_seconds: 600, limits })
    if (lease === undefined) throw new Error(`task ${taskId} is not queued`)
    if (lease.task.id === taskId) return lease
  }
}
