import { sql } from 'kysely'
import type { Lease } from '../sessions/fence.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { placeOfCampaign, placeOfTask } from './keep-credential.ts'

/**
 * The sealed token of the user whose session it is, and the place it is bound to: kept for the task, else
 * for the campaign that sent it. Undefined where none is kept.
 */
export async function findCredential(
  store: Store,
  { session }: Lease,
): Promise<{ sealed: string; about: string } | undefined> {
  const { task_id: taskId, user_id: userId } = session
  const found = await patiently(() =>
    sql<{ sealed: string; campaign_id: string | null }>`
      select sealed, campaign_id
      from credentials
      where user_id = ${userId}
        and (task_id = ${taskId}
          or campaign_id = (select campaign_id from campaign_tasks where task_id = ${taskId}))
      order by task_id nulls last
      limit 1`.execute(store.db),
  )
  const [row] = found.rows
  if (row === undefined) return undefined
  const about =
    row.campaign_id === null
      ? placeOfTask(taskId, userId)
      : placeOfCampaign(row.campaign_id, userId)
  return { sealed: row.sealed, about }
}

/** The sealed token of who made a campaign, and the place it is bound to. Undefined where none is kept. */
export async function findCampaignCredential(
  store: Store,
  campaign: { id: string; creator_id: number },
): Promise<{ sealed: string; about: string } | undefined> {
  const row = await patiently(() =>
    store.db
      .selectFrom('credentials')
      .select('sealed')
      .where('campaign_id', '=', campaign.id)
      .where('user_id', '=', campaign.creator_id)
      .executeTakeFirst(),
  )
  return row && { sealed: row.sealed, about: placeOfCampaign(campaign.id, campaign.creator_id) }
}
