import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { storableJson, storableText } from '../events/storable-json.ts'
import type { AutomationRow, AutomationRunRow, RunTrigger } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { reachedLimit } from './automation-usage.ts'
import type { Skip } from './claim-runs.ts'

/** A run as it is stored, due or with the reason why it is not made. */
export interface NewRun {
  event: string
  /** The time it was due, of one of the clock. */
  at?: Date
  actor?: { id: number; login: string }
  skip?: Skip
  event_key?: string
  type?: string
  conclusion?: string
  resource_url?: string
  trigger?: RunTrigger
  depth?: number
}

/** An automation and the store's time, while nobody else stores a run of it. */
export async function lockAutomation(
  store: Store,
  tx: Tx,
  id: string,
): Promise<(AutomationRow & { time: Date }) | undefined> {
  const found = await sql<AutomationRow & { time: Date }>`
    select automations.*, ${now(store)} as time
    from automations
    where id = ${id}
    for update`.execute(tx)
  return found.rows[0]
}

/** Why no run may begin now. The automation's row is locked. */
export async function whyNot(
  store: Store,
  tx: Tx,
  automation: AutomationRow,
): Promise<Skip | undefined> {
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

/** Of a `run` and its task, in `tasks`, that may be none yet. */
export const isOpenRun = sql`(
  run.status = 'due'
  or (run.status = 'started' and tasks.state not in ('completed', 'failed', 'timed_out', 'cancelled'))
)`

async function findOpenRun(
  tx: Tx,
  automationId: string,
): Promise<{ task_id: string | null } | undefined> {
  const open = await sql<{ task_id: string | null }>`
    select run.task_id
    from automation_runs as run
    left join tasks on tasks.id = run.task_id
    where run.automation_id = ${automationId}
      and ${isOpenRun}
    limit 1`.execute(tx)
  return open.rows[0]
}

/**
 * Undefined when the run of this time, or of this event, is there already, as when the database's clock was
 * set back.
 */
export async function insertRun(
  tx: Tx,
  automation: Pick<AutomationRow, 'id' | 'tools'>,
  time: Date,
  run: NewRun,
): Promise<AutomationRunRow | undefined> {
  const { at, event, actor, skip, trigger } = run
  const tells = skip === undefined && automation.tools.includes('add_comment')
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
      event_key: run.event_key ?? null,
      type: storable(run.type, 100),
      conclusion: storable(run.conclusion, 100),
      resource_url: storable(run.resource_url, 1000),
      trigger: trigger === undefined ? null : JSON.stringify(storableJson(trigger)),
      depth: run.depth ?? 0,
      tell_number: tells ? (trigger?.number ?? null) : null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

function storable(text: string | undefined, limit: number): string | null {
  return text === undefined ? null : storableText(text, limit)
}
