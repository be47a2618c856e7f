import { sql } from 'kysely'
import type { AutomationRow } from '../store/automation-rows.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { insertRun, whyNot } from './insert-run.ts'

/** How many automations may begin one another: a circle of them ends there, however it came about. */
export const deepestChain = 5

/** A run that has completed. */
export interface CompletedRun {
  id: string
  automation_id: string
  depth: number
  task_id: string
}

/**
 * The automations of runs that have ended, and those that wait for the ones that completed: locked in the
 * order of their ids, as whoever settles others does.
 */
export async function lockDownstream(
  store: Store,
  tx: Tx,
  endedIds: readonly string[],
  completedIds: readonly string[],
): Promise<(AutomationRow & { time: Date })[]> {
  if (endedIds.length === 0) return []
  const waits = completedIds.map(
    (id) =>
      sql`triggers -> 'automation_run' -> 'automation_ids' @> ${JSON.stringify([id])}::jsonb
        and repository_id = (select repository_id from automations as upstream where upstream.id = ${id})`,
  )
  const found = await sql<AutomationRow & { time: Date }>`
    select automations.*, ${now(store)} as time
    from automations
    where ${sql.join([sql`id in (${sql.join(endedIds)})`, ...waits], sql` or `)}
    order by id
    for update of automations`.execute(tx)
  return found.rows
}

/** Begins a run of each automation that waits for this one. Their rows are locked. */
export async function enqueueDownstream(
  store: Store,
  tx: Tx,
  run: CompletedRun,
  locked: readonly (AutomationRow & { time: Date })[],
): Promise<void> {
  const upstream = locked.find(({ id }) => id === run.automation_id)
  for (const automation of locked) {
    const ids = automation.triggers.automation_run?.automation_ids ?? []
    if (!automation.enabled || !ids.includes(run.automation_id)) continue
    const depth = run.depth + 1
    const skip =
      depth > deepestChain
        ? {
            skip_reason: 'too_deep' as const,
            reason: `${deepestChain} automations have begun one another before it: no more are begun.`,
          }
        : await whyNot(store, tx, automation)
    await insertRun(tx, automation, automation.time, {
      event: 'automation_run',
      type: 'completed',
      event_key: `run ${run.id}`,
      depth,
      trigger: {
        // Where it is on this server is added by who begins the run.
        url: run.task_id,
        title: upstream?.name ?? '',
        write_scope: automation.triggers.automation_run?.write_scope ?? automation.write_scope,
      },
      ...(skip !== undefined && { skip }),
    })
  }
}
