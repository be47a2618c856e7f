import type { CampaignTargetState, Client } from '@errand/contract'

/** All repositories of a campaign that the server keeps. */
export async function readCampaignTargets(
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<CampaignTargetState[]> {
  const targets: CampaignTargetState[] = []
  const pages = client.pages('listCampaignTargets', {
    params: { campaign_id: id },
    query: { per_page: 100 },
    signal,
  })
  for await (const page of pages) targets.push(...page.targets)
  return targets
}
