import { advanceCampaign, advanceCampaigns } from '../campaigns/advance-campaign.ts'
import type { Vet } from '../campaigns/vet.ts'
import type { Store } from '../store/store.ts'

/** Finds nothing against any repository. */
export const vetNothing: Vet = async (_campaign, candidates) =>
  new Map(candidates.map(({ number }) => [number, { type: 'send' }]))

/** One pass over all campaigns. */
export async function sendCampaigns(store: Store, vet: Vet = vetNothing): Promise<void> {
  await advanceCampaigns(store, (id) => advanceCampaign(store, id, vet))
}
