import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'

/** What one server has counted in a window since it last told the others; less than 0 where it takes back. */
export interface RateCount {
  key: string
  length_ms: number
  used: number
}

/** What all servers have counted in a window. */
export interface RateTotal {
  key: string
  used: number
  /** How long ago the window began, by the database's clock. */
  age_ms: number
}

/**
 * Adds what a server has counted to what the others have, and says how much it is altogether. A window
 * begins with the first request after the last one was over. The keys are taken in order, so that two
 * servers that exchange the same ones do not wait for each other in a circle.
 */
export async function exchangeRateCounts(
  store: Store,
  counts: readonly RateCount[],
): Promise<RateTotal[]> {
  const known = await sql<RateTotal>`
    insert into rate_windows as known (key, length_ms, started_at, used)
    select key, length_ms, ${now(store)}, used
    from jsonb_to_recordset(${JSON.stringify(counts)}::jsonb)
      as counted(key text, length_ms integer, used integer)
    order by key
    on conflict (key) do update
    set
      used = excluded.used + case
        when known.started_at + known.length_ms * interval '1 millisecond' > excluded.started_at
        then known.used
        else 0
      end,
      started_at = case
        when known.started_at + known.length_ms * interval '1 millisecond' > excluded.started_at
        then known.started_at
        else excluded.started_at
      end,
      length_ms = excluded.length_ms
    returning
      key,
      used,
      greatest(0, extract(epoch from (${now(store)} - started_at)) * 1000)::float8 as age_ms`.execute(
    store.db,
  )
  return known.rows
}

/** Removes the windows that are over. */
export async function sweepRateWindows(store: Store): Promise<void> {
  await sql`
    delete from rate_windows
    where started_at + length_ms * interval '1 millisecond' < ${now(store)} - interval '1 minute'`.execute(
    store.db,
  )
}
