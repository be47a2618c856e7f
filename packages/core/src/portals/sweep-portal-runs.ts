import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/**
 * A run that came again would be one anew: long after the portal has forgotten it, and after its signature has
 * run out.
 */
const keptDays = 30
const atATime = 500

/** Forgets runs of portals that the portal was told the end of, with what they were for, of long ago. */
export async function sweepPortalRuns(store: Store): Promise<void> {
  for (;;) {
    const swept = await transact(store, async (tx) => {
      const old = await sql<{ portal: string; run_id: string }>`
        select portal, run_id
        from portal_runs
        where closed_at < ${now(store)} - make_interval(days => ${keptDays})
        limit ${atATime}
        for update skip locked`.execute(tx)
      for (const { portal, run_id } of old.rows) {
        const isRun = sql`portal = ${portal} and run_id = ${run_id}`
        // What they were for first: it refers to them.
        await sql`delete from portal_run_tasks where ${isRun}`.execute(tx)
        await sql`delete from portal_runs where ${isRun}`.execute(tx)
      }
      return old.rows.length
    })
    if (swept < atATime) return
  }
}
