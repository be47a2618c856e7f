import { connect } from '../../client/connection.ts'
import { findCampaign } from '../../client/find-campaign.ts'
import { readCampaignTargets } from '../../client/read-campaign-targets.ts'
import { watchedOnServer } from '../../fanout/server-campaign.ts'
import type { CampaignSource } from '../fanout/campaign-source.ts'

/** Campaigns that the server keeps. */
export const serverSource: CampaignSource = {
  command: 'errand campaign',
  argument: 'its name or id (default: the latest)',
  async open(terminal, name) {
    const { signal } = terminal
    const client = connect(terminal)
    const campaign = await findCampaign(client, name, signal)
    const targets = await readCampaignTargets(client, campaign.id, signal)
    return {
      state: watchedOnServer(client.baseUrl, campaign, targets),
      connect: () => client,
      stop: async () => {
        await client.call('cancelCampaign', { params: { campaign_id: campaign.id }, signal })
      },
    }
  },
}
