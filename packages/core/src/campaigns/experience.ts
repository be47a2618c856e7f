import { scriptModelId } from '@errand/contract'
import { sql } from 'kysely'
import type { CampaignRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/** What tasks of a kind have taken, in the middle. */
export interface Experience {
  source: 'campaign' | 'model'
  tasks: number
  medianSeconds: number
  medianNano: number
}

/** Fewer say too little, where there are others to ask. */
const fewestOfCampaign = 3
const mostOfModel = 100

/**
 * What a task will probably take: the median of the campaign's own tasks that ended, else of the last
 * hundred on the same model. Undefined where nothing like it has ended yet.
 */
export async function experienceOf(
  db: Store['db'],
  campaign: { id?: string; model: string },
): Promise<Experience | undefined> {
  const own =
    campaign.id === undefined
      ? undefined
      : await medians(
          db,
          sql`select task_id from campaign_tasks where campaign_id = ${campaign.id}`,
        )
  if (own !== undefined && own.tasks >= fewestOfCampaign) return { source: 'campaign', ...own }
  const others = await medians(
    db,
    sql`select task_id from sessions
      where model = ${campaign.model} and number = 1 and state = 'completed'
      order by completed_at desc
      limit ${mostOfModel}`,
  )
  if (others !== undefined) return { source: 'model', ...others }
  return own === undefined ? undefined : { source: 'campaign', ...own }
}

/** What is set aside for one open task. Script tasks use no model and cost nothing. */
export async function expectedNanoOf(
  db: Store['db'],
  campaign: CampaignRow,
): Promise<number | undefined> {
  if (campaign.model === scriptModelId || campaign.max_nano === null) return 0
  return (await experienceOf(db, campaign))?.medianNano
}

/** Of tasks that completed: those that failed at once would make the others look quick. */
async function medians(
  db: Store['db'],
  tasks: ReturnType<typeof sql>,
): Promise<Omit<Experience, 'source'> | undefined> {
  const found = await sql<{ tasks: number; seconds: number; nano: number }>`
    select count(*)::integer as tasks,
      percentile_cont(0.5) within group (order by seconds) as seconds,
      percentile_cont(0.5) within group (order by nano) as nano
    from (
      select sum(extract(epoch from completed_at - started_at) - waited_seconds)::double precision as seconds,
        sum(usage_nano)::double precision as nano
      from sessions
      where task_id in (${tasks})
      group by task_id
      having bool_and(state = 'completed')
    ) as ended`.execute(db)
  const row = found.rows[0]
  if (row === undefined || row.tasks === 0) return undefined
  return { tasks: row.tasks, medianSeconds: row.seconds, medianNano: Math.round(row.nano) }
}
