import type { UsageLimitStatus, UsagePeriod } from '@errand/contract'
import { sql } from 'kysely'
import type { AutomationRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** What the runs of an automation have used, in nano AI credits: up to now, and against its limits. */
export interface AutomationUsage {
  last_24_hours: number
  last_7_days: number
  last_30_days: number
  limits: UsageLimitStatus[]
}

export async function usageOf(
  store: Store,
  automation: Pick<AutomationRow, 'id' | 'usage_limits'>,
): Promise<AutomationUsage> {
  const used = await patiently(() => readUsage(store, store.db, automation.id))
  const { last_24_hours, last_7_days, last_30_days } = used
  const limits = automation.usage_limits.map(({ period, limit }) => ({
    period,
    limit,
    used: used[period],
    resets_at: endOf(period, used.time).toISOString(),
    reached: used[period] >= limit,
  }))
  return { last_24_hours, last_7_days, last_30_days, limits }
}

/** The first limit that is reached, which is when no new run is begun: a run may go beyond it. */
export async function reachedLimit(
  store: Store,
  tx: Tx,
  automation: Pick<AutomationRow, 'id' | 'usage_limits'>,
): Promise<UsageLimitStatus | undefined> {
  if (automation.usage_limits.length === 0) return undefined
  const used = await readUsage(store, tx, automation.id)
  const reached = automation.usage_limits.find(({ period, limit }) => used[period] >= limit)
  if (reached === undefined) return undefined
  const { period, limit } = reached
  const resetsAt = endOf(period, used.time).toISOString()
  return { period, limit, used: used[period], resets_at: resetsAt, reached: true }
}

type Usage = Record<UsagePeriod | 'last_24_hours' | 'last_7_days' | 'last_30_days', number> & {
  time: Date
}

/** By when a session was begun: its use counts for the period of its beginning. */
async function readUsage(store: Store, db: Store['db'] | Tx, id: string): Promise<Usage> {
  const since = (period: UsagePeriod) =>
    sql`coalesce(sum(usage_nano) filter (
      where created_at >= date_trunc(${sql.lit(period)}, time at time zone 'UTC') at time zone 'UTC'
    ), 0)::bigint`
  const last = (span: string) =>
    sql`coalesce(sum(usage_nano) filter (
      where created_at >= time - ${sql.lit(span)}::interval
    ), 0)::bigint`
  const read = await sql<Usage>`
    select max(time) as time, ${since('day')} as day, ${since('week')} as week,
      ${since('month')} as month, ${last('24 hours')} as last_24_hours,
      ${last('7 days')} as last_7_days, ${last('30 days')} as last_30_days
    from (select ${now(store)} as time) as clock
    left join (
      select sessions.usage_nano, sessions.created_at
      from automation_runs as run
      join sessions on sessions.task_id = run.task_id
      where run.automation_id = ${id}
        -- The longest of all spans, a month.
        and sessions.created_at >= ${now(store)} - interval '31 days'
    ) as spent on true`.execute(db)
  // Aggregates without a group have one row.
  return read.rows[0]!
}

/** When a calendar period of UTC ends. Weeks begin on Monday, as PostgreSQL's do. */
function endOf(period: UsagePeriod, time: Date): Date {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()]
  if (period === 'month') return new Date(Date.UTC(year, month + 1, 1))
  const days = period === 'day' ? 1 : 7 - ((time.getUTCDay() + 6) % 7)
  return new Date(Date.UTC(year, month, day + days))
}
