import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { visibleRepositories } from '../../auth/repository.ts'
import { requireCampaign } from '../../campaigns/require-campaign.ts'
import { slotsOf } from '../../campaigns/slots.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'
import { presentCampaign, presentCampaignTarget } from '../../present/campaign.ts'

/** `GET /agents/campaigns`: the caller's own. */
export const listCampaigns: Handler<typeof routes.listCampaigns> = async (context, call) => {
  const filter = { ...call.query, creator_id: call.caller.user.id }
  const slots = slotsOf(context.settings)
  const { campaigns, has_more } = await core.listCampaigns(context.store, filter, slots)
  return {
    status: 200,
    body: { campaigns: campaigns.map((campaign) => presentCampaign(campaign, call.urls)) },
    headers: { link: linkHeader(call.url, { ...call.query, has_more }) },
  }
}

/** `GET /agents/campaigns/{campaign_id}` */
export const getCampaign: Handler<typeof routes.getCampaign> = async (context, call) => {
  const campaign = await requireCampaign(context, call.caller, call.params.campaign_id)
  return { status: 200, body: presentCampaign(campaign, call.urls) }
}

/** `GET /agents/campaigns/{campaign_id}/targets`: those in repositories the caller may see today. */
export const listCampaignTargets: Handler<typeof routes.listCampaignTargets> = async (
  context,
  call,
) => {
  const { id } = await requireCampaign(context, call.caller, call.params.campaign_id)
  const filter = { ...call.query, campaign_id: id }
  const { targets, has_more } = await core.listCampaignTargets(context.store, filter)
  const ids = targets.map((target) => target.repository_id)
  const repositories = await visibleRepositories(context, call.caller, ids)
  return {
    status: 200,
    body: {
      targets: targets.flatMap((target) => {
        const name = repositories.get(target.repository_id)?.full_name
        return name === undefined ? [] : [presentCampaignTarget(target, call.urls, name)]
      }),
    },
    headers: { link: linkHeader(call.url, { ...call.query, has_more }) },
  }
}
