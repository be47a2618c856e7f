import assert from 'node:assert/strict'
import { ErrandError } from '@errand/contract'
import { sql } from 'kysely'
import type { AutomationRow, AutomationRunRow, RunTrigger } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import type { Skip } from './claim-runs.ts'
import { insertRun, lockAutomation, whyNot } from './insert-run.ts'
import { pauseAutomation } from './settle-runs.ts'
import { nextRun, type Occurrence, runsUntil } from './schedule.ts'

/** Automations looked at in one transaction. */
const atATime = 20

/**
 * One pass over the automations whose time has come: stores a run for each, due or with the reason why it
 * is not made, and sets when the next one comes. In one transaction, so that a death leaves all or
 * nothing; two servers never get the same automation, and `(automation_id, scheduled_for)` is unique.
 *
 * Times that passed while no server ran are made up for once, by the latest of them.
 */
export async function enqueueDueRuns(store: Store): Promise<number> {
  return await transact(store, async (tx) => {
    const due = await sql<AutomationRow & { time: Date }>`
      select automations.*, ${now(store)} as time
      from automations
      where next_run_at <= ${now(store)}
      order by next_run_at
      limit ${atATime}
      for update skip locked`.execute(tx)
    for (const { time, ...automation } of due.rows) {
      const times = findTimes(automation, time)
      if (times === undefined) await pauseAutomation(store, tx, automation.id, 'invalid_schedule')
      else await enqueueDue(store, tx, automation, time, times)
    }
    return due.rows.length
  })
}

interface Times {
  first: Occurrence
  last: Occurrence
  count: number
  next: Occurrence | undefined
}

/**
 * Undefined when its schedule, which was understood when it was stored, is not any more: time zones come
 * and go with the system's tables, and one automation must not keep all others from running.
 */
function findTimes(automation: AutomationRow, time: Date): Times | undefined {
  const { triggers, next_run_at: at, next_run_event: event } = automation
  // The query found it by its time, which is written together with the event, a key of its triggers.
  const first = { at, event } as Occurrence
  try {
    return { first, ...runsUntil(triggers, first, time), next: nextRun(triggers, time) }
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}

/** The automation's row is locked: nobody else stores a run of it meanwhile. */
async function enqueueDue(
  store: Store,
  tx: Tx,
  automation: AutomationRow,
  time: Date,
  { first, last, count, next }: Times,
): Promise<void> {
  if (count > 1)
    await insertRun(tx, automation, time, { ...first, skip: missed(first, last, count) })
  const skip = await whyNot(store, tx, automation)
  await insertRun(tx, automation, time, { ...last, ...(skip !== undefined && { skip }) })
  await tx
    .updateTable('automations')
    .set({ next_run_at: next?.at ?? null, next_run_event: next?.event ?? null })
    .where('id', '=', automation.id)
    .execute()
}

/** What is asked for by hand: an event of the automation as though it had happened, or `manual`. */
export interface RequestedRun {
  event: string
  actor: { id: number; login: string }
  type?: string
  conclusion?: string
  resource_url?: string
  trigger?: RunTrigger
}

/**
 * Starts a run by hand: it is due at once, also of an automation that is paused.
 *
 * @throws ErrandError conflict while another run is open, or when a usage limit is reached; not_found when
 *   it was deleted meanwhile.
 */
export async function requestRun(
  store: Store,
  automationId: string,
  asked: RequestedRun,
): Promise<AutomationRunRow> {
  return await transact(store, async (tx) => {
    const automation = await lockAutomation(store, tx, automationId)
    if (automation === undefined) throw new ErrandError('not_found')
    const skip = await whyNot(store, tx, automation)
    if (skip !== undefined) throw new ErrandError('conflict', { message: skip.reason })
    const run = await insertRun(tx, automation, automation.time, asked)
    assert(run !== undefined, 'only a run of the clock or of an event can be there already')
    return run
  })
}

function missed(first: Occurrence, last: Occurrence, count: number): Skip {
  const [from, to] = [first.at.toISOString(), last.at.toISOString()]
  const times = count > 2 ? `${count - 1}${count === 1000 ? ' or more' : ''} runs` : 'A run'
  return {
    skip_reason: 'missed',
    reason: `${times} due from ${from} on passed while no server ran; the one of ${to} stands for all.`,
  }
}
