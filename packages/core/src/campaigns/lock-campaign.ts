import { sql } from 'kysely'
import type { CampaignRow } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/** Any number, as long as nothing else in this database takes the same lock. */
const campaignLock = 4_172_003

/** One campaign is sent from at a time: caps on open pull requests count over all of them. */
export async function lockCampaigns(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${campaignLock})`.execute(tx)
}

/** A campaign whose row is locked; undefined when there is none. */
export async function lockCampaign(tx: Tx, id: string): Promise<CampaignRow | undefined> {
  return await tx
    .selectFrom('campaigns')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}
