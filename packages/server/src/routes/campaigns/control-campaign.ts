import type { Caller, routes } from '@errand/contract'
import * as core from '@errand/core'
import { credentialOf } from '../../auth/credential.ts'
import { requireCampaign } from '../../campaigns/require-campaign.ts'
import { sendCampaignNow } from '../../campaigns/send-campaign.ts'
import type { ServerContext } from '../../context.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentCampaign } from '../../present/campaign.ts'
import type { Urls } from '../../present/urls.ts'

/** `POST /agents/campaigns/{campaign_id}/pause` */
export const pauseCampaign: Handler<typeof routes.pauseCampaign> = (context, call) =>
  change(context, call, (id) => core.pauseCampaign(context.store, id, call.caller.user.login))

/** `POST /agents/campaigns/{campaign_id}/resume` */
export const resumeCampaign: Handler<typeof routes.resumeCampaign> = (context, call) =>
  change(context, call, (id) =>
    core.resumeCampaign(context.store, id, call.body, credentialOf(context, call.caller)),
  )

/** `POST /agents/campaigns/{campaign_id}/cancel` */
export const cancelCampaign: Handler<typeof routes.cancelCampaign> = (context, call) =>
  change(context, call, (id) => core.cancelCampaign(context.store, id, call.caller.user.login))

/** `POST /agents/campaigns/{campaign_id}/retry` */
export const retryCampaign: Handler<typeof routes.retryCampaign> = (context, call) =>
  change(context, call, (id) =>
    core.retryCampaign(context.store, id, credentialOf(context, call.caller)),
  )

/** Does it to a campaign the caller may change, and answers with what has become of it. */
async function change(
  context: ServerContext,
  call: { caller: Caller; params: { campaign_id: string }; urls: Urls },
  act: (id: string) => Promise<void>,
): Promise<Answer> {
  const { id } = await requireCampaign(context, call.caller, call.params.campaign_id)
  await act(id)
  await sendCampaignNow(context, id)
  const campaign = await requireCampaign(context, call.caller, id)
  return { status: 200, body: presentCampaign(campaign, call.urls) }
}
