import type { PullArtifact, SessionError } from '@errand/contract'
import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import type { TargetState } from './target-state.ts'

/** A repository of a campaign, with its task as it is now. */
export interface CampaignTargetDetail {
  number: number
  wave: number
  repository_id: number
  repository_full_name: string
  reviewers: string[]
  problems: string[]
  attempt: number
  task_id: string | null
  state: TargetState
  task_created_at: Date | null
  /** When its last session ended. */
  completed_at: Date | null
  pull: PullArtifact['data'] | null
  /** As last looked at. */
  pull_state: 'open' | 'closed' | 'merged' | null
  usage_nano: number
  error: SessionError | null
  /** Why it was not sent. */
  refusal: string | null
}

/** A page of a campaign's repositories, in the order of sending. */
export async function listCampaignTargets(
  store: Store,
  filter: {
    campaign_id: string
    state?: TargetState
    page: number
    per_page: number
  },
): Promise<{ targets: CampaignTargetDetail[]; has_more: boolean }> {
  const { campaign_id: id, state, page, per_page: perPage } = filter
  const found = await patiently(() =>
    sql<CampaignTargetDetail>`
      select target.number, target.wave, target.repository_id, target.repository_full_name,
        target.reviewers, target.problems, target.attempt, target.task_id, target.pull_state, target.refusal,
        coalesce(task.state, target.unsent_state, 'pending') as state, pull.data as pull, last.error,
        task.created_at as task_created_at, last.completed_at,
        coalesce((select sum(usage_nano) from sessions where task_id = task.id), 0)::bigint as usage_nano
      from campaign_targets as target
      left join tasks as task on task.id = target.task_id
      left join artifacts as pull on pull.task_id = task.id and pull.type = 'pull'
      left join sessions as last on last.task_id = task.id and last.number = task.session_count
      where target.campaign_id = ${id}
        and ${state === undefined ? sql`true` : sql`coalesce(task.state, target.unsent_state, 'pending') = ${state}`}
      order by target.number
      offset ${(page - 1) * perPage}
      limit ${perPage + 1}`.execute(store.db),
  )
  return { targets: found.rows.slice(0, perPage), has_more: found.rows.length > perPage }
}
