import { sql } from 'kysely'
import type { AutomationRow, AutomationRunRow } from '../store/automation-rows.ts'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { type HeldAutomationRun, StaleAutomationRun } from './claim-runs.ts'

/** How long whoever tells it may stay silent before another does. */
const leaseSeconds = 60

/**
 * Takes hold of runs that have ended, where an issue or a pull request is to be told of it. Two servers never
 * hold the same one.
 */
export async function claimRunsToTell(store: Store, limit: number): Promise<HeldAutomationRun[]> {
  const time = now(store)
  const claimed = await patiently(() =>
    sql<AutomationRunRow & { automation: AutomationRow }>`
      with due as materialized (
        select id
        from automation_runs
        where tell_number is not null
          and status in ('completed', 'failed', 'cancelled', 'refused')
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
  const held: HeldAutomationRun[] = []
  for (const run of claimed.rows) {
    const automation = await patiently(() =>
      store.db
        .selectFrom('automations')
        .selectAll()
        .where('id', '=', run.automation_id)
        .executeTakeFirst(),
    )
    if (automation !== undefined) held.push({ ...run, automation })
  }
  return held
}

/** It was told, or will not be. @throws StaleAutomationRun */
export async function noteToldRun(store: Store, run: HeldAutomationRun): Promise<void> {
  await change(store, run, sql`tell_number = null, lease_expires_at = null`)
}

/** Tries again in a while. @throws StaleAutomationRun */
export async function postponeTelling(
  store: Store,
  run: HeldAutomationRun,
  seconds: number,
): Promise<void> {
  await change(
    store,
    run,
    sql`next_at = ${now(store)} + make_interval(secs => ${seconds}),
      tell_failures = tell_failures + 1, lease_expires_at = null`,
  )
}

async function change(
  store: Store,
  run: HeldAutomationRun,
  values: ReturnType<typeof sql>,
): Promise<void> {
  const changed = await patiently(() =>
    sql`
      update automation_runs
      set ${values}
      where id = ${run.id}
        and attempt = ${run.attempt}
      returning id`.execute(store.db),
  )
  if (changed.rows.length === 0) throw new StaleAutomationRun(run)
}

/** What the agent itself says at the end that a task has done; undefined where it said nothing. */
export async function summaryOf(
  store: Store,
  taskId: string,
): Promise<{ title: string; body: string } | undefined> {
  const found = await patiently(() =>
    sql<{ title: string; body: string }>`
      select data ->> 'title' as title, data ->> 'body' as body
      from events
      where task_id = ${taskId}
        and type = 'session.summary'
      order by number desc
      limit 1`.execute(store.db),
  )
  return found.rows[0]
}
