import { invalidField } from '@errand/contract'
import { storableText } from '../events/storable-json.ts'
import { now, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/** A run of a portal's action, as it came in: checked, and not yet acted upon. */
export interface NewRun {
  portal: string
  run_id: string
  /** What was asked for, as whoever carries it out wants it back. */
  request: unknown
  /** Tells whether a run that came twice asks for the same. */
  request_hash: string
  /** Who pressed the button, as the portal names them. */
  requested_by?: string
  /** Each repository that is to have a task, or the id of the task that is to be answered. */
  targets: string[]
}

/**
 * Stores a run before anything is done for it. The same run again changes nothing: `replayed`.
 *
 * @throws ErrandError validation_failed when the run's id came before with another request.
 */
export async function acceptRun(store: Store, run: NewRun): Promise<{ replayed: boolean }> {
  const key = { portal: run.portal, run_id: run.run_id }
  return await transact(store, async (tx) => {
    const inserted = await tx
      .insertInto('portal_runs')
      .values({
        ...key,
        request: JSON.stringify(run.request),
        request_hash: run.request_hash,
        requested_by: run.requested_by === undefined ? null : storableText(run.requested_by, 320),
        created_at: now(store),
        started_at: null,
        closed_at: null,
        told: null,
        attempt: 0,
        lease_expires_at: null,
        next_at: now(store),
        failures: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('run_id')
      .executeTakeFirst()
    if (inserted === undefined) {
      const earlier = await tx
        .selectFrom('portal_runs')
        .select('request_hash')
        .where('portal', '=', run.portal)
        .where('run_id', '=', run.run_id)
        .executeTakeFirstOrThrow()
      if (earlier.request_hash === run.request_hash) return { replayed: true }
      throw invalidField('run_id', `run ${run.run_id} was already sent with another request`, 'Run')
    }
    const rows = run.targets.map((target, place) => ({
      ...key,
      place,
      target,
      task_id: null,
      error: null,
      reported_event: 0,
    }))
    if (rows.length > 0) await tx.insertInto('portal_run_tasks').values(rows).execute()
    return { replayed: false }
  })
}
