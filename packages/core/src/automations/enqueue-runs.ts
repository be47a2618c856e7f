import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { ErrandError } from '@errand/contract'
import { sql } from 'kysely'
import type { AutomationRow, AutomationRunRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { reachedLimit } from './automation-usage.ts'
import type { Skip } from './claim-runs.ts'
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

/**
 * Starts a run by hand: it is due at once, also of an automation that is paused.
 *
 * @throws ErrandError conflict while another run is open, or when a usage limit is reached; not_found when
 *   it was deleted meanwhile.
 */
export async function requestRun(
  store: Store,
  automationId: string,
  asked: { event: string; actor: { id: number; login: string } },
): Promise<AutomationRunRow> {
  return await transact(store, async (tx) => {
    const found = await sql<AutomationRow & { time: Date }>`
      select automations.*, ${now(store)} as time
      from automations
      where id = ${automationId}
      for update`.execute(tx)
    const automation = found.rows[0]
    if (automation === undefined) throw new ErrandError('not_found')
    const skip = await whyNot(store, tx, automation)
    if (skip !== undefined) throw new ErrandError('conflict', { message: skip.reason })
    const run = await insertRun(tx, automation, automation.time, asked)
    assert(run !== undefined, 'only a run of the clock can be there already')
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

/** Why no run may begin now. */
async function whyNot(store: Store, tx: Tx, automation: AutomationRow): Promise<Skip | undefined> {
  const running = automation.allow_concurrent_runs
    ? undefined
    : await findOpenRun(tx, automation.id)
  if (running !== undefined) {
    const which = running.task_id === null ? 'the run before it' : `its task ${running.task_id}`
    return {
      skip_reason: 'still_running',
      reason: `The automation runs already: ${which} has not ended.`,
    }
  }
  const limit = await reachedLimit(store, tx, automation)
  if (limit === undefined) return undefined
  return {
    skip_reason: 'usage_limit_reached',
    reason: `The usage limit for the ${limit.period} is reached: ${limit.used} of ${limit.limit} nano AI credits. It counts anew from ${limit.resets_at}.`,
  }
}

async function findOpenRun(
  tx: Tx,
  automationId: string,
): Promise<{ task_id: string | null } | undefined> {
  const open = await sql<{ task_id: string | null }>`
    select run.task_id
    from automation_runs as run
    left join tasks on tasks.id = run.task_id
    where run.automation_id = ${automationId}
      and (
        run.status = 'due'
        or (run.status = 'started' and tasks.state not in ('completed', 'failed', 'timed_out', 'cancelled'))
      )
    limit 1`.execute(tx)
  return open.rows[0]
}

/** Undefined when the run of this time is there already, as when the database's clock was set back. */
async function insertRun(
  tx: Tx,
  automation: AutomationRow,
  time: Date,
  run: { at?: Date; event: string; actor?: { id: number; login: string }; skip?: Skip },
): Promise<AutomationRunRow | undefined> {
  const { at, event, actor, skip } = run
  return await tx
    .insertInto('automation_runs')
    .values({
      id: randomUUID(),
      automation_id: automation.id,
      scheduled_for: at ?? null,
      event,
      status: skip === undefined ? 'due' : 'skipped',
      skip_reason: skip?.skip_reason ?? null,
      reason: skip?.reason ?? null,
      actor_id: actor?.id ?? null,
      actor_login: actor?.login ?? null,
      request: null,
      task_id: null,
      attempt: 0,
      lease_expires_at: null,
      next_at: time,
      created_at: time,
      ended_at: skip === undefined ? null : time,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}
