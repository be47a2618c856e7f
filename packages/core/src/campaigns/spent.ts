import { sql } from 'kysely'
import type { Store } from '../store/store.ts'

/** What all tasks of a campaign have cost so far, in nano AI credits, earlier attempts included. */
export async function spentNanoOf(db: Store['db'], campaignId: string): Promise<number> {
  return (await spentNanoOfEach(db, [campaignId])).get(campaignId) ?? 0
}

/** The same of several campaigns; those that have sent nothing are left out. */
export async function spentNanoOfEach(
  db: Store['db'],
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const found = await sql<{ campaign_id: string; nano: number }>`
    select sent.campaign_id, sum(session.usage_nano)::bigint as nano
    from campaign_tasks as sent
    join sessions as session on session.task_id = sent.task_id
    where sent.campaign_id in (${sql.join(ids)})
    group by sent.campaign_id`.execute(db)
  return new Map(found.rows.map(({ campaign_id: id, nano }) => [id, nano]))
}
