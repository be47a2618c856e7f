import { sql, type UpdateObject } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import type { Database } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { type HeldRun, whileHeld } from './claim-runs.ts'

/** What the run is for at this place has its task, or the reason why it was refused. */
export async function noteTask(
  store: Store,
  run: HeldRun,
  place: number,
  outcome: { task_id: string } | { error: string },
): Promise<void> {
  await whileHeld(store, run, async (tx) => {
    await tx
      .updateTable('portal_run_tasks')
      .set('error' in outcome ? { error: storableText(outcome.error, 2000) } : outcome)
      .where('portal', '=', run.portal)
      .where('run_id', '=', run.run_id)
      .where('place', '=', place)
      .execute()
  })
}

/** Everything the run asked for is begun, or refused. */
export async function noteStarted(store: Store, run: HeldRun): Promise<void> {
  await whileHeld(store, run, (tx) => change(tx, run, { started_at: now(store) }))
}

/** The portal has been told of the events of the tasks at these places, up to these numbers. */
export async function noteReported(
  store: Store,
  run: HeldRun,
  positions: { place: number; event: number }[],
): Promise<void> {
  await whileHeld(store, run, async (tx) => {
    for (const { place, event } of positions) {
      await tx
        .updateTable('portal_run_tasks')
        .set({ reported_event: event })
        .where('portal', '=', run.portal)
        .where('run_id', '=', run.run_id)
        .where('place', '=', place)
        .execute()
    }
  })
}

/** The details the portal has been told: links and label, as one text to compare with. */
export async function noteTold(store: Store, run: HeldRun, told: string): Promise<void> {
  await whileHeld(store, run, (tx) => change(tx, run, { told }))
}

/**
 * Gives the run up until `seconds` from now. With `failed` it is one more pass that came to nothing;
 * without, the count begins anew.
 */
export async function postponeRun(
  store: Store,
  run: HeldRun,
  { seconds, failed = false }: { seconds: number; failed?: boolean },
): Promise<void> {
  await whileHeld(store, run, (tx) =>
    change(tx, run, {
      next_at: sql<Date>`${now(store)} + make_interval(secs => ${seconds})`,
      failures: failed ? run.failures + 1 : 0,
      lease_expires_at: null,
    }),
  )
}

/** Nothing more is to be told of the run. */
export async function closeRun(store: Store, run: HeldRun): Promise<void> {
  await whileHeld(store, run, (tx) =>
    change(tx, run, { closed_at: now(store), lease_expires_at: null }),
  )
}

async function change(
  tx: Tx,
  run: HeldRun,
  values: UpdateObject<Database, 'portal_runs'>,
): Promise<void> {
  await tx
    .updateTable('portal_runs')
    .set(values)
    .where('portal', '=', run.portal)
    .where('run_id', '=', run.run_id)
    .execute()
}
