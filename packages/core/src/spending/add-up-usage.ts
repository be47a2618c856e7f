import type { UsageKey } from '@errand/contract'
import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { noTokens, type TokenCounts } from './token-counts.ts'

export interface UsageFilter {
  /** `all` adds everything up to one. */
  by: UsageKey | 'all'
  /** First and last day, like `2026-11-23`, in UTC. */
  since: string
  until: string
  /** Of all repositories of an owner. */
  owner_id?: number
  /** Of all sessions somebody began. */
  user_id?: number
}

export interface UsageSum extends TokenCounts {
  key: string
  sessions: number
  requests: number
  /** In nano AI credits: of many months more than a number can hold exactly. */
  nano: bigint
}

/** Nothing was used. */
export const noUsage: UsageSum = { key: '', sessions: 0, requests: 0, nano: 0n, ...noTokens }

const keys = {
  model: sql`usage.model`,
  repository: sql`task.repository_full_name`,
  user: sql`session.user_login`,
  day: sql`usage.day`,
  all: sql`'all'`,
} as const satisfies Record<UsageFilter['by'], unknown>

/** Adds up what was used: the dearest first, days in their order. */
export async function addUpUsage(store: Store, filter: UsageFilter): Promise<UsageSum[]> {
  const { by, since, until, owner_id: ownerId, user_id: userId } = filter
  const found = await patiently(() =>
    sql<Omit<UsageSum, 'nano'> & { nano: string }>`
      select ${keys[by]} as key,
        count(distinct usage.session_id) as sessions,
        sum(usage.requests)::bigint as requests,
        sum(usage.input_tokens)::bigint as input_tokens,
        sum(usage.cached_input_tokens)::bigint as cached_input_tokens,
        sum(usage.cache_write_tokens)::bigint as cache_write_tokens,
        sum(usage.output_tokens)::bigint as output_tokens,
        sum(usage.reasoning_tokens)::bigint as reasoning_tokens,
        sum(usage.nano)::text as nano
      from usage
      join sessions as session on session.id = usage.session_id
      join tasks as task on task.id = session.task_id
      where usage.day between ${since} and ${until}
        and (${ownerId ?? null}::bigint is null or session.owner_id = ${ownerId ?? null}::bigint)
        and (${userId ?? null}::bigint is null or session.user_id = ${userId ?? null}::bigint)
      group by 1`.execute(store.db),
  )
  const sums = found.rows.map((row) => ({ ...row, nano: BigInt(row.nano) }))
  return sums.toSorted((a, b) =>
    by === 'day' || a.nano === b.nano ? (a.key < b.key ? -1 : 1) : a.nano > b.nano ? -1 : 1,
  )
}
