import type { CampaignRow } from '../store/schema.ts'
import type { NewTask } from '../tasks/create-task.ts'

/** A repository that the rules of its campaign would send a task to now. */
export interface Candidate {
  number: number
  /** As it will be created. */
  task: NewTask
  /** What may be in the way: pull requests of the same campaign, begun another time, by repository. */
  pulls: { task_id: string; number: number }[]
}

/** What is found of a candidate: it may be sent, or it may not and why. */
export type Verdict = { type: 'send' } | { type: 'failed' | 'skipped'; reason: string }

/**
 * Asks, outside of any transaction, whether a campaign's creator may still send these, and whether anything
 * is in their way. One without a verdict could not be asked about: it waits for the next pass.
 */
export type Vet = (
  campaign: CampaignRow,
  candidates: readonly Candidate[],
) => Promise<ReadonlyMap<number, Verdict>>
