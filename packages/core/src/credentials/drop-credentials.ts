import { isEndState, type State } from '@errand/contract'
import { sql } from 'kysely'
import type { SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/**
 * Deletes what is kept for a task when its session ends, in the transaction that ends it. What was said
 * too late for a session that completes is the prompt of the next one, in the same transaction
 * (`endSession`): who said it keeps their token until then.
 */
export async function dropTaskCredentials(tx: Tx, session: SessionRow, to: State): Promise<void> {
  if (!isEndState(to)) return
  await sql`
    delete from credentials
    where task_id = ${session.task_id}
      and (${to} <> 'completed' or user_id not in (
        select user_id from messages
        where session_id = ${session.id} and taken_by_attempt is null))`.execute(tx)
}

/** The campaign has nothing left to send or to wait for. */
export async function dropCampaignCredentials(tx: Tx, campaignId: string): Promise<void> {
  await tx.deleteFrom('credentials').where('campaign_id', '=', campaignId).execute()
}

/**
 * One pass over all that is kept, a second net: nothing outlives the work it is for, whatever became of
 * that. Goes by the few rows that are kept, not by all tasks there ever were. Returns how many were deleted.
 */
export async function sweepCredentials(store: Store): Promise<number> {
  const deleted = await patiently(() =>
    sql<{ position: number }>`
      delete from credentials as kept
      where exists (
          select from tasks
          where id = kept.task_id
            and state in ('completed', 'failed', 'timed_out', 'cancelled'))
        or exists (
          select from campaigns
          where id = kept.campaign_id
            and (not is_active
              or not exists (
                select from campaign_targets as target
                left join tasks as task on task.id = target.task_id
                where target.campaign_id = kept.campaign_id
                  and ((task.id is null and target.unsent_state is null)
                    or task.state not in ('completed', 'failed', 'timed_out', 'cancelled')))))
      returning position`.execute(store.db),
  )
  return deleted.rows.length
}
