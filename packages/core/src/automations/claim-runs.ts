import type { SkipReason } from '@errand/contract'
import { sql } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import type { AutomationRow, AutomationRunRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { countFailure } from './settle-runs.ts'

/** A run somebody begins, with its automation as it is now. */
export interface HeldAutomationRun extends AutomationRunRow {
  automation: AutomationRow
}

/** Another took the run over, or it is begun, or its automation was deleted. */
export class StaleAutomationRun extends Error {
  constructor(run: Pick<AutomationRunRow, 'id' | 'attempt'>) {
    super(`attempt ${run.attempt} no longer holds the automation run ${run.id}`)
    this.name = 'StaleAutomationRun'
  }
}

/** How long whoever begins a run may take before another tries: a forge answers within ten seconds. */
const leaseSeconds = 60

/** Takes hold of runs that are due and not begun. Two servers never hold the same one. */
export async function claimAutomationRuns(
  store: Store,
  limit: number,
): Promise<HeldAutomationRun[]> {
  const time = now(store)
  const claimed = await patiently(() =>
    sql<AutomationRunRow>`
      with due as materialized (
        select id
        from automation_runs
        where status = 'due'
          and next_at <= ${time}
          and (lease_expires_at is null or lease_expires_at < ${time})
        order by next_at
        limit ${limit}::integer
        for update skip locked
      )
      update automation_runs as run
      set attempt = attempt + 1,
        lease_expires_at = ${time} + make_interval(secs => ${leaseSeconds})
      from due
      where run.id = due.id
      returning run.*`.execute(store.db),
  )
  const held = await Promise.all(claimed.rows.map((run) => withAutomation(store, run)))
  return held.filter((run) => run !== undefined)
}

async function withAutomation(
  store: Store,
  run: AutomationRunRow,
): Promise<HeldAutomationRun | undefined> {
  const automation = await patiently(() =>
    store.db
      .selectFrom('automations')
      .selectAll()
      .where('id', '=', run.automation_id)
      .executeTakeFirst(),
  )
  return automation && { ...run, automation }
}

/**
 * To be called once before the first claim. With PGlite this process is the only one: whoever holds a run
 * is dead, and need not be waited for.
 */
export async function takeOverAutomationRuns(store: Store): Promise<void> {
  if (store.kind !== 'pglite') return
  await store.db
    .updateTable('automation_runs')
    .set({ lease_expires_at: null })
    .where('status', '=', 'due')
    .execute()
}

/** Fixes what the task is asked to be, before it is created: every later attempt asks for the same. */
export async function noteRequest(
  store: Store,
  run: HeldAutomationRun,
  request: object,
): Promise<void> {
  await whileHeld(store, run, async (tx) => {
    await change(tx, run, sql`request = ${JSON.stringify(request)}::json`)
  })
}

/** The run has its task. */
export async function noteStartedRun(
  store: Store,
  run: HeldAutomationRun,
  taskId: string,
): Promise<void> {
  await whileHeld(store, run, (tx) =>
    change(tx, run, sql`status = 'started', task_id = ${taskId}, lease_expires_at = null`),
  )
}

/** The run cannot be begun, which counts as a failure; or must not, and the automation is paused. */
export async function noteRefusedRun(
  store: Store,
  run: HeldAutomationRun,
  refusal: { reason: string; pauses?: 'creator_lost_access' },
): Promise<void> {
  const reason = storableText(refusal.reason, 2000)
  await whileHeld(store, run, async (tx) => {
    await change(
      tx,
      run,
      sql`status = 'refused', reason = ${reason}, lease_expires_at = null, ended_at = ${now(store)}`,
    )
    await countFailure(store, tx, run.automation_id, refusal.pauses)
  })
}

/** Why a run is not made, which is no failure: its name, and a sentence. */
export interface Skip {
  skip_reason: SkipReason
  reason: string
}

/** The run need not be made, or must wait for somebody's decision, and did not fail. */
export async function noteSkippedRun(
  store: Store,
  run: HeldAutomationRun,
  { skip_reason: name, reason }: Skip,
): Promise<void> {
  await whileHeld(store, run, (tx) =>
    change(
      tx,
      run,
      sql`status = 'skipped', skip_reason = ${name}, reason = ${storableText(reason, 2000)},
        lease_expires_at = null, ended_at = ${now(store)}`,
    ),
  )
}

/** Tries again in a while: it was nobody's fault here. */
export async function postponeAutomationRun(
  store: Store,
  run: HeldAutomationRun,
  seconds: number,
): Promise<void> {
  await whileHeld(store, run, (tx) =>
    change(
      tx,
      run,
      sql`next_at = ${now(store)} + make_interval(secs => ${seconds}), lease_expires_at = null`,
    ),
  )
}

/** @throws StaleAutomationRun, and nothing is changed. */
async function whileHeld(
  store: Store,
  run: HeldAutomationRun,
  work: (tx: Tx) => Promise<void>,
): Promise<void> {
  await transact(store, async (tx) => {
    const held = await sql`
      select id
      from automation_runs
      where id = ${run.id}
        and attempt = ${run.attempt}
        and status = 'due'
      for update`.execute(tx)
    if (held.rows.length === 0) throw new StaleAutomationRun(run)
    await work(tx)
  })
}

async function change(tx: Tx, run: HeldAutomationRun, values: ReturnType<typeof sql>) {
  await sql`update automation_runs set ${values} where id = ${run.id}`.execute(tx)
}
