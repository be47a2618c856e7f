import { type Caller, ErrandError } from '@errand/contract'
import { type CampaignDetail, getCampaign } from '@errand/core'
import type { ServerContext } from '../context.ts'
import { slotsOf } from './slots.ts'

/** A campaign of the caller's own; a site admin sees all. To anybody else there is none: 404. */
export async function requireCampaign(
  context: ServerContext,
  caller: Caller,
  id: string,
): Promise<CampaignDetail> {
  const campaign = await getCampaign(context.store, id, slotsOf(context.settings))
  if (campaign.creator_id === caller.user.id || caller.isSiteAdmin) return campaign
  throw new ErrandError('not_found')
}
