import type { CampaignRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { NewTask } from '../tasks/create-task.ts'
import type { Decision } from './decide.ts'
import { readDecision } from './read-decision.ts'
import { readInTheWay } from './read-in-the-way.ts'
import type { Candidate } from './vet.ts'

/** Asked about at a time: what was found is stored before the next are. */
const atOnce = 50

/**
 * What a campaign would send now, the first of it. Only reads: nothing is decided by it. Undefined where the
 * campaign is over, or waits for a word.
 */
export async function readCandidates(
  db: Store['db'],
  id: string,
): Promise<{ campaign: CampaignRow; decision: Decision; candidates: Candidate[] } | undefined> {
  const campaign = await db
    .selectFrom('campaigns')
    .selectAll()
    .where('id', '=', id)
    .where('is_active', '=', true)
    .where('pause_reason', 'is', null)
    .executeTakeFirst()
  if (campaign === undefined) return undefined
  const decision = await readDecision(db, campaign)
  const numbers = decision.send.slice(0, atOnce)
  return { campaign, decision, candidates: await readTasks(db, campaign, numbers) }
}

async function readTasks(
  db: Store['db'],
  campaign: CampaignRow,
  numbers: readonly number[],
): Promise<Candidate[]> {
  if (numbers.length === 0) return []
  const targets = await db
    .selectFrom('campaign_targets')
    .select(['number', 'new_task'])
    .where('campaign_id', '=', campaign.id)
    .where('number', 'in', numbers)
    .orderBy('number')
    .execute()
  const inTheWay = await readInTheWay(db, campaign, numbers)
  return targets.map(({ number, new_task: task }) => ({
    number,
    // Written by createCampaign from a NewTask.
    task: task as NewTask,
    pulls: inTheWay.flatMap((other) =>
      other.number === number && other.pull_number !== null
        ? [{ task_id: other.task_id, number: other.pull_number }]
        : [],
    ),
  }))
}
