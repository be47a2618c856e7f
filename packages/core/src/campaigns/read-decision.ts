import type { CampaignRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { decide, type Decision } from './decide.ts'
import { expectedNanoOf } from './experience.ts'
import { readOpenPulls, readTargets } from './read-targets.ts'
import { spentNanoOf } from './spent.ts'

/** What a campaign does next, by what is stored now. It holds as long as the campaigns are locked. */
export async function readDecision(db: Store['db'], campaign: CampaignRow): Promise<Decision> {
  const targets = await readTargets(db, campaign.id)
  return decide({
    rules: campaign.rules,
    concurrency: campaign.concurrency ?? Number.POSITIVE_INFINITY,
    maxNano: campaign.max_nano ?? Number.POSITIVE_INFINITY,
    spentNano: await spentNanoOf(db, campaign.id),
    expectedNano: await expectedNanoOf(db, campaign),
    allowedWave: campaign.allowed_wave,
    forgivenFailures: campaign.forgiven_failures,
    targets: targets.map((target) => ({
      number: target.number,
      wave: target.wave,
      state: target.state,
      repositoryId: target.repository_id,
      reviewers: target.reviewers,
    })),
    pulls: await readOpenPulls(db, campaign),
  })
}
