import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { prepared } from '../store/prepared.ts'
import { now } from '../store/store.ts'
import { patiently, runnerPatienceMs } from '../store/transact.ts'
import type { TokenCounts } from './token-counts.ts'

/** What an upstream has reported of a request so far. */
export interface RequestCount {
  tokens: TokenCounts
  /** In nano AI credits, at the prices of this moment. */
  nano: number
}

export interface CountOptions {
  /** Whether it is the last of it: what was reserved is freed, and nothing more is counted. */
  isFinal: boolean
  /**
   * Keeps of what was reserved so much for another request, whose id is a UUID of the caller's: it is then on its
   * way as if it had been reserved now. Only with `isFinal`.
   */
  next?: { id: string; most_nano: number } | undefined
}

/**
 * Counts what a request has used so far: the session's usage, the day's, and what its accounts have
 * spent. Counted again with more it adds the difference, so that what was reported early is not lost
 * with the process.
 *
 * Needs no lease: what was used was used, whoever holds the session now. One statement, as each answer
 * waits for it; sent again after a lost connection it finds what it has done already, and does no more.
 *
 * @param count Absent where the upstream reported nothing
 */
export async function countRequest(
  store: Store,
  requestId: string,
  count: RequestCount | undefined,
  { isFinal, next }: CountOptions,
): Promise<void> {
  const day = (store.clock?.now() ?? new Date()).toISOString().slice(0, 10)
  const { tokens, nano } = count ?? { tokens: undefined, nano: 0 }
  const more = (kind: keyof TokenCounts) =>
    sql`${tokens?.[kind] ?? 0}::bigint - coalesce((counted ->> ${kind}::text)::bigint, 0)`
  const isCounted = sql`${count !== undefined}::boolean`
  await patiently(
    () =>
      sql`${prepared}
        with request as materialized (
          select * from model_requests where id = ${requestId}::uuid for update
        ), day as (
          insert into usage (session_id, model, day, requests, input_tokens, cached_input_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, nano)
          select session_id, model, ${day}::text, case when counted is null then 1 else 0 end,
            ${more('input_tokens')}, ${more('cached_input_tokens')}, ${more('cache_write_tokens')},
            ${more('output_tokens')}, ${more('reasoning_tokens')},
            ${nano}::bigint - counted_nano
          from request
          where ${isCounted}
          on conflict (session_id, model, day) do update
          set requests = usage.requests + excluded.requests,
            input_tokens = usage.input_tokens + excluded.input_tokens,
            cached_input_tokens = usage.cached_input_tokens + excluded.cached_input_tokens,
            cache_write_tokens = usage.cache_write_tokens + excluded.cache_write_tokens,
            output_tokens = usage.output_tokens + excluded.output_tokens,
            reasoning_tokens = usage.reasoning_tokens + excluded.reasoning_tokens,
            nano = usage.nano + excluded.nano
        ), session as (
          update sessions
          set usage_nano = usage_nano + ${nano}::bigint - request.counted_nano
          from request
          where sessions.id = request.session_id and ${isCounted}
        ), change as materialized (
          select account_ids,
            case when ${isCounted} then ${nano}::bigint - counted_nano else 0 end as spent,
            case when ${isFinal}::boolean then reserved_nano - ${next?.most_nano ?? 0}::bigint else 0 end
              as freed
          from request
        ), locked as materialized (
          select accounts.id from accounts, change
          where accounts.id = any(change.account_ids) and (change.spent <> 0 or change.freed <> 0)
          order by accounts.id
          for update of accounts
        ), account as (
          update accounts
          set spent_nano = accounts.spent_nano + change.spent,
            reserved_nano = greatest(0, accounts.reserved_nano - change.freed)
          from locked, change
          where accounts.id = locked.id
        ), kept as (
          update model_requests
          set reserved_nano = coalesce(${next?.most_nano ?? null}::bigint, model_requests.reserved_nano),
            id = coalesce(${next?.id ?? null}::uuid, model_requests.id),
            counted = case when ${isFinal}::boolean then null
              else coalesce(${tokens === undefined ? null : JSON.stringify(tokens)}::jsonb, model_requests.counted) end,
            counted_nano = case when ${isFinal}::boolean then 0
              when ${isCounted} then ${nano}::bigint else model_requests.counted_nano end,
            started_at = case when ${isFinal}::boolean then ${now(store)} else model_requests.started_at end
          from request
          where model_requests.id = request.id and ${!isFinal || next !== undefined}::boolean
        )
        delete from model_requests
        using request
        where model_requests.id = request.id and ${isFinal && next === undefined}::boolean`.execute(
        store.db,
      ),
    runnerPatienceMs,
  )
}
