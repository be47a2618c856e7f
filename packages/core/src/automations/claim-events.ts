import { sql } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import type { AutomationEventRow, AutomationRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { isOpenRun } from './insert-run.ts'

/** An event somebody attends to, with the automation as it is now. Whatever is written says its `attempt`. */
export interface HeldAutomationEvent extends AutomationEventRow {
  automation: AutomationRow
}

/** Another took the event over, or it is closed. Stop, and change nothing. */
export class StaleAutomationEvent extends Error {
  constructor(event: Pick<AutomationEventRow, 'id' | 'attempt'>) {
    super(`attempt ${event.attempt} no longer holds the automation event ${event.id}`)
    this.name = 'StaleAutomationEvent'
  }
}

/** How long whoever attends may stay silent before another takes over: longer than all it asks the forge. */
const leaseSeconds = 120

/**
 * Takes hold of events that wait, in the order they came. While a run of an automation is open, the next of
 * its events waits, for a day at most: unlike a time of the clock, it is not one that comes again.
 */
export async function claimAutomationEvents(
  store: Store,
  limit: number,
): Promise<HeldAutomationEvent[]> {
  const time = now(store)
  const claimed = await patiently(() =>
    sql<AutomationEventRow>`
      with due as materialized (
        select event.id
        from automation_events as event
        join automations on automations.id = event.automation_id
        where event.closed_at is null
          and event.next_at <= ${time}
          and (event.lease_expires_at is null or event.lease_expires_at < ${time})
          and (
            automations.allow_concurrent_runs
            or event.received_at < ${time} - interval '24 hours'
            or not exists (
              select 1
              from automation_runs as run
              left join tasks on tasks.id = run.task_id
              where run.automation_id = automations.id
                and ${isOpenRun}
            )
          )
        order by event.id
        limit ${limit}::integer
        for update of event skip locked
      )
      update automation_events as event
      set attempt = attempt + 1,
        lease_expires_at = ${time} + make_interval(secs => ${leaseSeconds})
      from due
      where event.id = due.id
      returning event.*`.execute(store.db),
  )
  const ids = [...new Set(claimed.rows.map((event) => event.automation_id))]
  if (ids.length === 0) return []
  const automations = await patiently(() =>
    store.db.selectFrom('automations').selectAll().where('id', 'in', ids).execute(),
  )
  const byId = new Map(automations.map((automation) => [automation.id, automation]))
  return claimed.rows.flatMap((event) => {
    const automation = byId.get(event.automation_id)
    // Deleted meanwhile, and its events with it.
    return automation === undefined ? [] : [{ ...event, automation }]
  })
}

/**
 * To be called once before the first claim. With PGlite this process is the only one: whoever holds an
 * event is dead, and need not be waited for.
 */
export async function takeOverAutomationEvents(store: Store): Promise<void> {
  if (store.kind !== 'pglite') return
  await store.db
    .updateTable('automation_events')
    .set({ lease_expires_at: null })
    .where('closed_at', 'is', null)
    .execute()
}

/** Nothing more is to be done for it. @param outcome why it is no run, for who looks at the store */
export async function closeAutomationEvent(
  store: Store,
  event: HeldAutomationEvent,
  outcome: string,
): Promise<void> {
  await whileEventHeld(store, event, (tx) => closeWithin(store, tx, event, outcome))
}

export async function closeWithin(
  store: Store,
  tx: Tx,
  { id }: Pick<AutomationEventRow, 'id'>,
  outcome: string | null,
): Promise<void> {
  await tx
    .updateTable('automation_events')
    .set({
      closed_at: now(store),
      outcome: outcome === null ? null : storableText(outcome, 500),
      lease_expires_at: null,
    })
    .where('id', '=', id)
    .execute()
}

/** Gives the event up until `seconds` from now. @param isFailure the try came to nothing */
export async function postponeAutomationEvent(
  store: Store,
  event: HeldAutomationEvent,
  seconds: number,
  { isFailure }: { isFailure: boolean } = { isFailure: true },
): Promise<void> {
  await whileEventHeld(store, event, (tx) =>
    postponeWithin(store, tx, event, seconds, isFailure ? 1 : 0),
  )
}

export async function postponeWithin(
  store: Store,
  tx: Tx,
  event: Pick<AutomationEventRow, 'id' | 'failures'>,
  seconds: number,
  failures: number,
): Promise<void> {
  await tx
    .updateTable('automation_events')
    .set({
      next_at: sql<Date>`${now(store)} + make_interval(secs => ${seconds})`,
      failures: event.failures + failures,
      lease_expires_at: null,
    })
    .where('id', '=', event.id)
    .execute()
}

/**
 * Runs `work` while the event is held.
 *
 * @throws StaleAutomationEvent, and nothing is changed.
 */
export async function whileEventHeld<T>(
  store: Store,
  event: HeldAutomationEvent,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return await transact(store, async (tx) => {
    const kept = await sql`
      select id
      from automation_events
      where id = ${event.id}
        and attempt = ${event.attempt}
        and closed_at is null
      for update`.execute(tx)
    if (kept.rows.length === 0) throw new StaleAutomationEvent(event)
    return await work(tx)
  })
}
