import { sql } from 'kysely'
import type { PortalRunRow, PortalRunTaskRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'

/** A run somebody reports of, with its tasks in their order. Whatever is written says its `attempt`. */
export interface HeldRun extends PortalRunRow {
  tasks: PortalRunTaskRow[]
}

/** Another took the run over, or it is closed. Stop, and change nothing. */
export class StaleRun extends Error {
  constructor(run: HeldRun) {
    super(`attempt ${run.attempt} no longer holds the run ${run.run_id} of ${run.portal}`)
    this.name = 'StaleRun'
  }
}

/** How long whoever reports may stay silent before another takes over: twice what one call may take. */
const runLeaseSeconds = 20

/**
 * Takes hold of the runs of a portal that have something to be done for: not begun yet, a delivery to
 * be tried again, or events the portal has not been told of. Two reporters never get the same run.
 */
export async function claimRuns(store: Store, portal: string, limit: number): Promise<HeldRun[]> {
  const time = now(store)
  // Skips what another is about to claim; a run whose lease is over lost its reporter.
  const claimed = await patiently(() =>
    sql<PortalRunRow>`
      with due as materialized (
        select portal, run_id
        from portal_runs as run
        where portal = ${portal}
          and closed_at is null
          and next_at <= ${time}
          and (lease_expires_at is null or lease_expires_at < ${time})
          and (
            started_at is null
            or lease_expires_at is not null
            or failures > 0
            or told is null
            or exists (
              select 1
              from portal_run_tasks as part
              join tasks on tasks.id = part.task_id
              where part.portal = run.portal
                and part.run_id = run.run_id
                and tasks.event_count > part.reported_event
            )
          )
        order by next_at
        limit ${limit}::integer
        for update skip locked
      )
      update portal_runs as run
      set attempt = attempt + 1,
        lease_expires_at = ${time} + make_interval(secs => ${runLeaseSeconds})
      from due
      where run.portal = due.portal
        and run.run_id = due.run_id
      returning run.*`.execute(store.db),
  )
  return await Promise.all(
    claimed.rows.map(async (run) => ({ ...run, tasks: await tasksOf(store, run) })),
  )
}

/**
 * To be called once before the first claim. With PGlite this process is the only one: whoever holds a run
 * is dead, and need not be waited for.
 */
export async function takeOverRuns(store: Store, portal: string): Promise<void> {
  if (store.kind !== 'pglite') return
  await store.db
    .updateTable('portal_runs')
    .set({ lease_expires_at: new Date(0) })
    .where('portal', '=', portal)
    .where('lease_expires_at', 'is not', null)
    .execute()
}

async function tasksOf(store: Store, run: PortalRunRow): Promise<PortalRunTaskRow[]> {
  return await patiently(() =>
    store.db
      .selectFrom('portal_run_tasks')
      .selectAll()
      .where('portal', '=', run.portal)
      .where('run_id', '=', run.run_id)
      .orderBy('place')
      .execute(),
  )
}

/**
 * Runs `work` while the run is held, and keeps it held for another while.
 *
 * @throws StaleRun, and nothing is changed.
 */
export async function whileHeld<T>(
  store: Store,
  run: HeldRun,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return await transact(store, async (tx) => {
    const kept = await sql`
      update portal_runs
      set lease_expires_at = ${now(store)} + make_interval(secs => ${runLeaseSeconds})
      where portal = ${run.portal}
        and run_id = ${run.run_id}
        and attempt = ${run.attempt}
        and closed_at is null
      returning run_id`.execute(tx)
    if (kept.rows.length === 0) throw new StaleRun(run)
    return await work(tx)
  })
}
