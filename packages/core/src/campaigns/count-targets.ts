import { CampaignCounts } from '@errand/contract'
import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { hasEnded, type TargetState } from './target-state.ts'

export interface PullCounts {
  open: number
  merged: number
  closed: number
}

/** How many repositories of a campaign are where, and how many are left in each wave. */
export interface TargetCounts {
  counts: CampaignCounts
  pulls: PullCounts
  /** By wave, those that have not ended; waves without any are left out. */
  remaining: Map<number, number>
  /** The last wave that anything was sent of; 0 at first. */
  wave: number
}

interface Group {
  campaign_id: string
  wave: number
  state: TargetState
  pull: 'open' | 'merged' | 'closed' | null
  number: number
}

/** The counts of several campaigns, by their ids. */
export async function countTargets(
  db: Store['db'],
  ids: readonly string[],
): Promise<Map<string, TargetCounts>> {
  const byCampaign = new Map(ids.map((id) => [id, emptyCounts()]))
  if (ids.length === 0) return byCampaign
  const groups = await sql<Group>`
    select target.campaign_id, target.wave, coalesce(task.state, target.unsent_state, 'pending') as state,
      case when artifact.task_id is not null then coalesce(target.pull_state, 'open') end as pull,
      count(*)::integer as number
    from campaign_targets as target
    left join tasks as task on task.id = target.task_id
    left join artifacts as artifact on artifact.task_id = task.id and artifact.type = 'pull'
    where target.campaign_id in (${sql.join(ids)})
    group by 1, 2, 3, 4`.execute(db)
  for (const group of groups.rows) add(byCampaign.get(group.campaign_id), group)
  return byCampaign
}

function emptyCounts(): TargetCounts {
  const names = Object.keys(CampaignCounts.shape)
  return {
    // Made of the schema's own names.
    counts: Object.fromEntries(names.map((name) => [name, 0])) as CampaignCounts,
    pulls: { open: 0, merged: 0, closed: 0 },
    remaining: new Map(),
    wave: 0,
  }
}

function add(sums: TargetCounts | undefined, { wave, state, pull, number }: Group): void {
  // No task is ever idle: it is a word of filters alone.
  if (sums === undefined || state === 'idle') return
  sums.counts.total += number
  sums.counts[state] += number
  if (pull !== null) sums.pulls[pull] += number
  if (state !== 'pending') sums.wave = Math.max(sums.wave, wave)
  if (hasEnded(state)) return
  sums.remaining.set(wave, (sums.remaining.get(wave) ?? 0) + number)
}
