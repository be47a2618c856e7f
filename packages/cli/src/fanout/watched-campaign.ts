import type { CampaignRecord } from './journal-record.ts'
import type { Progress } from './progress.ts'

/** A campaign as it is looked after, whether a journal tells of it or the server that keeps it. */
export interface WatchedCampaign {
  readonly campaign: Pick<CampaignRecord, 'id' | 'at' | 'server'> & {
    readonly campaign: { readonly name: string }
  }
  /** By the repository's name, in the order of sending. */
  readonly progress: ReadonlyMap<string, Progress>
  /** What all tasks together may cost, in AI credits. */
  readonly maxAiCredits: number | undefined
  /** What all of them have cost, in nano AI credits, where the server told it. Default: the sum. */
  readonly spentNano?: number
}
