import { markOfName, type State } from '@errand/contract'
import { sql } from 'kysely'
import type { CampaignRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/** A task in a campaign's repository that the same campaign sent there another time. */
export interface InTheWay {
  /** The target's. */
  number: number
  task_id: string
  state: State
  /** Of its pull request, which was not seen closed. */
  pull_number: number | null
}

/**
 * What may keep a campaign from these of its repositories: tasks that are open and pull requests that may
 * be, of its creator's campaigns of the same name, those that `errand fanout` sent from a machine among them.
 * An earlier attempt's pull request is in nobody's way: who retries wants another.
 */
export async function readInTheWay(
  db: Store['db'],
  campaign: Pick<CampaignRow, 'id' | 'name' | 'creator_id'>,
  numbers: readonly number[],
): Promise<InTheWay[]> {
  if (numbers.length === 0) return []
  const { id, name, creator_id: creator } = campaign
  const ended = sql`('completed', 'failed', 'timed_out', 'cancelled')`
  const found = await sql<InTheWay>`
    select target.number, task.id as task_id, task.state,
      case when coalesce(earlier.pull_state, 'open') = 'open'
        then (pull.data ->> 'number')::integer end as pull_number
    from campaign_targets as target
    join tasks as task on task.repository_id = target.repository_id
    left join artifacts as pull on pull.task_id = task.id and pull.type = 'pull'
    left join campaign_targets as earlier on earlier.task_id = task.id
    where target.campaign_id = ${id}
      and target.number in (${sql.join(numbers)})
      and task.creator_id = ${creator}
      and (task.state not in ${ended}
        or (pull.task_id is not null and coalesce(earlier.pull_state, 'open') = 'open'))
      and (exists (
          select from campaign_tasks as sent
          join campaigns as other on other.id = sent.campaign_id
          where sent.task_id = task.id
            and lower(other.name) = lower(${name})
            and (other.id <> ${id} or task.state not in ${ended}))
        or exists (
          select from sessions
          where task_id = task.id
            and number = 1
            and strpos(prompt, ${markOfName(name)}) > 0))
    order by target.number, task.position desc`.execute(db)
  return found.rows
}
