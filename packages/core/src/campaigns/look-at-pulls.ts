import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** A pull request of a campaign that may have changed since it was last looked at. */
export interface PullToLookAt {
  campaign_id: string
  number: number
  task_id: string
  repository_id: number
  pull_number: number
  /** Who is still to be asked to review it. */
  reviewers: string[]
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
        (pull.data ->> 'number')::integer as pull_number,
        case when target.reviewers_asked_at is null then target.reviewers else '[]' end as reviewers
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

/** Notes what was seen of a pull request, if its task is still the repository's last. */
export async function notePull(
  store: Store,
  pull: Pick<PullToLookAt, 'campaign_id' | 'number' | 'task_id'>,
  seen: { state?: 'open' | 'closed' | 'merged'; reviewersAsked?: boolean },
): Promise<void> {
  const changes = {
    pull_checked_at: now(store),
    ...(seen.state === undefined ? {} : { pull_state: seen.state }),
    ...(seen.reviewersAsked === true ? { reviewers_asked_at: now(store) } : {}),
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
