import { sql } from 'kysely'
import type { CampaignRow, CampaignTargetRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { CampaignNow } from './decide.ts'
import type { TargetState } from './target-state.ts'

type Target = Pick<
  CampaignTargetRow,
  | 'campaign_id'
  | 'number'
  | 'wave'
  | 'repository_id'
  | 'repository_full_name'
  | 'reviewers'
  | 'attempt'
  | 'task_id'
  | 'pull_state'
> & {
  state: TargetState
}

/** A campaign's repositories with the states of their tasks, in the order of sending. */
export async function readTargets(db: Store['db'], campaignId: string): Promise<Target[]> {
  const found = await sql<Target>`
    select target.campaign_id, target.number, target.wave, target.repository_id,
      target.repository_full_name, target.reviewers, target.attempt, target.task_id,
      target.pull_state, coalesce(task.state, target.unsent_state, 'pending') as state
    from campaign_targets as target
    left join tasks as task on task.id = target.task_id
    where target.campaign_id = ${campaignId}
    order by target.number`.execute(db)
  return found.rows
}

/**
 * The pull requests of all campaigns that are open, or that a task at work may still open. One that
 * was opened and not looked at since is taken for open.
 */
export async function readOpenPulls(
  db: Store['db'],
  campaign: CampaignRow,
): Promise<CampaignNow['pulls']> {
  const pulls: CampaignNow['pulls'] & {
    byRepository: Map<number, number>
    byReviewer: Map<string, number>
  } = { byRepository: new Map(), ofAuthor: 0, byReviewer: new Map() }
  if (campaign.rules.max_open_pulls === undefined) return pulls
  const found = await sql<{ repository_id: number; reviewers: string[]; creator_id: number }>`
    select target.repository_id, target.reviewers, campaign.creator_id
    from campaign_targets as target
    join campaigns as campaign on campaign.id = target.campaign_id
    join tasks as task on task.id = target.task_id
    where task.create_pull_request
      and coalesce(target.pull_state, 'open') = 'open'
      and (task.state not in ('completed', 'failed', 'timed_out', 'cancelled')
        or exists (select from artifacts where task_id = task.id and type = 'pull'))`.execute(db)
  for (const { repository_id: id, reviewers, creator_id: creator } of found.rows) {
    pulls.byRepository.set(id, (pulls.byRepository.get(id) ?? 0) + 1)
    if (creator === campaign.creator_id) pulls.ofAuthor += 1
    for (const login of new Set(reviewers.map((name) => name.toLowerCase()))) {
      pulls.byReviewer.set(login, (pulls.byReviewer.get(login) ?? 0) + 1)
    }
  }
  return pulls
}
