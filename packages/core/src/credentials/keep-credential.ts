import { sql } from 'kysely'
import { now, type Store, type Tx } from '../store/store.ts'

/**
 * A user's token for the forge, as whoever has it seals it: told the place it is to be kept at, it answers
 * the sealed text. Core never sees the token itself.
 */
export type Credential = (about: string) => string

/** What the sealed token of a user is bound to: moved to another row it does not open. */
export function placeOfTask(taskId: string, userId: number): string {
  return `credentials/tasks/${taskId}/${userId}`
}

export function placeOfCampaign(campaignId: string, userId: number): string {
  return `credentials/campaigns/${campaignId}/${userId}`
}

/** Keeps the token of a user for what they asked of a task; a newer one takes the place of the older. */
export async function keepForTask(
  store: Store,
  tx: Tx,
  of: { taskId: string; userId: number },
  credential: Credential,
): Promise<void> {
  const sealed = credential(placeOfTask(of.taskId, of.userId))
  await sql`
    insert into credentials (task_id, user_id, sealed, created_at)
    values (${of.taskId}::uuid, ${of.userId}::bigint, ${sealed}, ${now(store)})
    on conflict (task_id, user_id)
    do update set sealed = excluded.sealed, created_at = excluded.created_at`.execute(tx)
}

/** The same for all tasks of a campaign, those still to be sent too. */
export async function keepForCampaign(
  store: Store,
  tx: Tx,
  of: { campaignId: string; userId: number },
  credential: Credential,
): Promise<void> {
  const sealed = credential(placeOfCampaign(of.campaignId, of.userId))
  await sql`
    insert into credentials (campaign_id, user_id, sealed, created_at)
    values (${of.campaignId}::uuid, ${of.userId}::bigint, ${sealed}, ${now(store)})
    on conflict (campaign_id, user_id)
    do update set sealed = excluded.sealed, created_at = excluded.created_at`.execute(tx)
}
