import { type CampaignCounts, CampaignId, type CampaignStatus, ErrandError } from '@errand/contract'
import type { CampaignRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { countTargets, type PullCounts, type TargetCounts } from './count-targets.ts'
import { experienceOf } from './experience.ts'
import { type Forecast, forecast } from './forecast.ts'
import { spentNanoOfEach } from './spent.ts'
import { statusOf } from './status.ts'

/** A campaign with what follows from its tasks. */
export interface CampaignDetail extends CampaignRow {
  status: CampaignStatus
  counts: CampaignCounts
  pulls: PullCounts
  /** The wave being worked on, from 0. */
  wave: number
  spent_nano: number
  forecast: Forecast
}

/**
 * A campaign as it is now.
 *
 * @param slots how many tasks the server works on at a time, for the forecast
 * @throws ErrandError not_found
 */
export async function getCampaign(
  store: Store,
  id: string,
  slots: number,
): Promise<CampaignDetail> {
  const [campaign] = CampaignId.safeParse(id).success
    ? await patiently(async () => {
        const rows = await store.db
          .selectFrom('campaigns')
          .selectAll()
          .where('id', '=', id)
          .execute()
        return await detailsOf(store.db, rows, slots)
      })
    : []
  if (campaign === undefined) throw new ErrandError('not_found')
  return campaign
}

/** A page of somebody's campaigns, newest first. */
export async function listCampaigns(
  store: Store,
  filter: { creator_id: number; page: number; per_page: number },
  slots: number,
): Promise<{ campaigns: CampaignDetail[]; has_more: boolean }> {
  return await patiently(async () => {
    const rows = await store.db
      .selectFrom('campaigns')
      .selectAll()
      .where('creator_id', '=', filter.creator_id)
      .orderBy('position', 'desc')
      .offset((filter.page - 1) * filter.per_page)
      .limit(filter.per_page + 1)
      .execute()
    return {
      campaigns: await detailsOf(store.db, rows.slice(0, filter.per_page), slots),
      has_more: rows.length > filter.per_page,
    }
  })
}

async function detailsOf(
  db: Store['db'],
  rows: CampaignRow[],
  slots: number,
): Promise<CampaignDetail[]> {
  const ids = rows.map(({ id }) => id)
  const sums = await countTargets(db, ids)
  const spent = await spentNanoOfEach(db, ids)
  return await Promise.all(
    rows.map(async (row) => {
      // Asked for by these very ids.
      const targets = sums.get(row.id)!
      return {
        ...row,
        status: statusOf(row, targets.counts),
        counts: targets.counts,
        pulls: targets.pulls,
        wave: targets.wave,
        spent_nano: spent.get(row.id) ?? 0,
        forecast: await forecastOf(db, row, targets, spent.get(row.id) ?? 0, slots),
      }
    }),
  )
}

async function forecastOf(
  db: Store['db'],
  campaign: CampaignRow,
  { remaining }: TargetCounts,
  spentNano: number,
  slots: number,
): Promise<Forecast> {
  const parallel = Math.min(campaign.concurrency ?? slots, slots)
  // Of a cancelled one nothing is to come, though what was never sent is pending for ever.
  const byWave = campaign.cancelled_at === null ? remaining : new Map<number, number>()
  const experience = byWave.size === 0 ? undefined : await experienceOf(db, campaign)
  return forecast({ byWave, parallel, spentNano }, experience)
}
