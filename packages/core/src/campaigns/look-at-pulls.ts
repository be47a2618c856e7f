import type { CampaignPull } from '@errand/contract'
import { sql } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** A pull request of a campaign that may have changed since it was last looked at. */
export interface PullToLookAt {
  campaign_id: string
  number: number
  task_id: string
  repository_id: number
  repository_full_name: string
  pull_number: number
  /** What it is still to be given; null where it has all. */
  wanted: CampaignPull | null
}

/**
 * Pull requests of campaigns that were open when last looked at, those not looked at for longest first.
 * Several processes may look at the same: what they find is written twice alike.
 */
export async function pullsToLookAt(
  store: Store,
  options: { notSinceSeconds: number; limit: number },
): Promise<PullToLookAt[]> {
  const found = await patiently(() =>
    sql<PullToLookAt>`
      select target.campaign_id, target.number, target.task_id, target.repository_id,
        target.repository_full_name,
        (pull.data ->> 'number')::integer as pull_number,
        case when target.pull_prepared_at is null then jsonb_strip_nulls(jsonb_build_object(
          'title', target.title, 'labels', target.labels, 'reviewers', target.reviewers,
          'team_reviewers', target.team_reviewers)) end as wanted
      from campaign_targets as target
      join artifacts as pull on pull.task_id = target.task_id and pull.type = 'pull'
      where coalesce(target.pull_state, 'open') = 'open'
        and pull.data ->> 'number' is not null
        and (target.pull_checked_at is null
          or target.pull_checked_at < ${now(store)} - make_interval(secs => ${options.notSinceSeconds}))
      order by target.pull_checked_at nulls first
      limit ${options.limit}`.execute(store.db),
  )
  return found.rows
}

/**
 * Notes what was seen of a pull request, if its task is still the repository's last: `problems` says that
 * it was given all it is to have, but for those.
 */
export async function notePull(
  store: Store,
  pull: Pick<PullToLookAt, 'campaign_id' | 'number' | 'task_id'>,
  seen: { state?: 'open' | 'closed' | 'merged'; problems?: string[] },
): Promise<void> {
  const changes = {
    pull_checked_at: now(store),
    ...(seen.state === undefined ? {} : { pull_state: seen.state }),
    ...(seen.problems === undefined
      ? {}
      : {
          pull_prepared_at: now(store),
          problems: JSON.stringify(seen.problems.map((text) => storableText(text, 500))),
        }),
  }
  await patiently(() =>
    store.db
      .updateTable('campaign_targets')
      .set(changes)
      .where('campaign_id', '=', pull.campaign_id)
      .where('number', '=', pull.number)
      .where('task_id', '=', pull.task_id)
      .execute(),
  )
}
