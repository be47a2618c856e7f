import type { DisabledReason, EndState, SessionError } from '@errand/contract'
import { sql } from 'kysely'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { type CompletedRun, enqueueDownstream, lockDownstream } from './enqueue-downstream.ts'

/** Failures in a row after which an automation is paused. */
const mostFailures = 3

interface EndedRun extends CompletedRun {
  task_state: EndState
  error: SessionError | null
}

/**
 * One pass over the runs whose task has ended: notes how, begins those of the automations that wait for them,
 * and pauses an automation that failed three times in a row. Safe in several processes at once.
 */
export async function settleRuns(store: Store): Promise<number> {
  return await transact(store, async (tx) => {
    const ended = await sql<EndedRun>`
      select run.id, run.automation_id, run.task_id, run.depth, tasks.state as task_state, session.error
      from automation_runs as run
      join tasks on tasks.id = run.task_id
      join sessions as session on session.task_id = tasks.id and session.number = tasks.session_count
      where run.status = 'started'
        and tasks.state in ('completed', 'failed', 'timed_out', 'cancelled')
      order by run.position
      limit 100
      for update of run skip locked`.execute(tx)
    const completed = ended.rows.filter((run) => run.task_state === 'completed')
    const locked = await lockDownstream(store, tx, idsOf(ended.rows), idsOf(completed))
    for (const run of ended.rows) await settle(store, tx, run, locked)
    return ended.rows.length
  })
}

function idsOf(runs: readonly EndedRun[]): string[] {
  return [...new Set(runs.map((run) => run.automation_id))]
}

async function settle(
  store: Store,
  tx: Tx,
  run: EndedRun,
  locked: Awaited<ReturnType<typeof lockDownstream>>,
): Promise<void> {
  const status = run.task_state === 'timed_out' ? 'failed' : run.task_state
  await sql`
    update automation_runs
    set status = ${status}, reason = ${run.error?.message ?? null}, ended_at = ${now(store)}
    where id = ${run.id}`.execute(tx)
  if (status === 'failed') return await countFailure(store, tx, run.automation_id)
  // What a person cancelled says nothing about the next run.
  if (status === 'cancelled') return
  await sql`update automations set failures = 0 where id = ${run.automation_id}`.execute(tx)
  await enqueueDownstream(store, tx, run, locked)
}

/** One more failure: the third in a row pauses the automation, as does a reason of its own. */
export async function countFailure(
  store: Store,
  tx: Tx,
  automationId: string,
  pauses?: 'creator_lost_access',
): Promise<void> {
  const counted = await sql<{ failures: number }>`
    update automations
    set failures = failures + 1
    where id = ${automationId}
    returning failures`.execute(tx)
  const isTooMany = (counted.rows[0]?.failures ?? 0) >= mostFailures
  const reason = pauses ?? (isTooMany ? 'consecutive_failures' : undefined)
  if (reason !== undefined) await pauseAutomation(store, tx, automationId, reason)
}

/** The server pauses an automation, and says why. */
export async function pauseAutomation(
  store: Store,
  tx: Tx,
  automationId: string,
  reason: DisabledReason,
): Promise<void> {
  await sql`
    update automations
    set enabled = false, next_run_at = null, next_run_event = null, disabled_reason = ${reason},
      disabled_at = ${now(store)}, updated_at = ${now(store)}
    where id = ${automationId}
      and enabled`.execute(tx)
}
