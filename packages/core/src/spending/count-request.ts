import { sql } from 'kysely'
import type { ModelRequestRow } from '../store/schema.ts'
import { type Store, type Tx } from '../store/store.ts'
import { runnerPatienceMs, transact } from '../store/transact.ts'
import { addToAccounts } from './accounts.ts'
import { noTokens, subtractTokens, type TokenCounts } from './token-counts.ts'

/** What an upstream has reported of a request so far. */
export interface RequestCount {
  tokens: TokenCounts
  /** In nano AI credits, at the prices of this moment. */
  nano: number
}

/**
 * Counts what a request has used so far: the session's usage, the day's, and what its accounts have
 * spent. Counted again with more it adds the difference, so that what was reported early is not lost
 * with the process. `isFinal` frees what was reserved; after that nothing more is counted.
 *
 * Needs no lease: what was used was used, whoever holds the session now.
 *
 * @param count Absent where the upstream reported nothing
 */
export async function countRequest(
  store: Store,
  requestId: string,
  count: RequestCount | undefined,
  { isFinal }: { isFinal: boolean },
): Promise<void> {
  await transact(
    store,
    async (tx) => {
      const request = await tx
        .selectFrom('model_requests')
        .selectAll()
        .where('id', '=', requestId)
        .forUpdate()
        .executeTakeFirst()
      if (request === undefined) return
      const spent = count === undefined ? 0 : await addCount(store, tx, request, count)
      const reserved = isFinal ? -request.reserved_nano : 0
      await addToAccounts(tx, request.account_ids, { spent, reserved })
      await keepOrEnd(tx, request, count, isFinal)
    },
    runnerPatienceMs,
  )
}

/** @returns by how much more it has cost than was known, in nano AI credits */
async function addCount(
  store: Store,
  tx: Tx,
  request: ModelRequestRow,
  { tokens, nano }: RequestCount,
): Promise<number> {
  const more = subtractTokens(tokens, request.counted ?? noTokens)
  const moreNano = nano - request.counted_nano
  const day = (store.clock?.now() ?? new Date()).toISOString().slice(0, 10)
  await sql`
    insert into usage (session_id, model, day, requests, input_tokens, cached_input_tokens,
      cache_write_tokens, output_tokens, reasoning_tokens, nano)
    values (${request.session_id}, ${request.model}, ${day}, ${request.counted === null ? 1 : 0},
      ${more.input_tokens}, ${more.cached_input_tokens}, ${more.cache_write_tokens},
      ${more.output_tokens}, ${more.reasoning_tokens}, ${moreNano})
    on conflict (session_id, model, day) do update
    set requests = usage.requests + excluded.requests,
      input_tokens = usage.input_tokens + excluded.input_tokens,
      cached_input_tokens = usage.cached_input_tokens + excluded.cached_input_tokens,
      cache_write_tokens = usage.cache_write_tokens + excluded.cache_write_tokens,
      output_tokens = usage.output_tokens + excluded.output_tokens,
      reasoning_tokens = usage.reasoning_tokens + excluded.reasoning_tokens,
      nano = usage.nano + excluded.nano`.execute(tx)
  await tx
    .updateTable('sessions')
    .set({ usage_nano: sql<number>`usage_nano + ${moreNano}::bigint` })
    .where('id', '=', request.session_id)
    .execute()
  return moreNano
}

async function keepOrEnd(
  tx: Tx,
  request: ModelRequestRow,
  count: RequestCount | undefined,
  isFinal: boolean,
): Promise<void> {
  if (isFinal) {
    await tx.deleteFrom('model_requests').where('id', '=', request.id).execute()
    return
  }
  if (count === undefined) return
  await tx
    .updateTable('model_requests')
    .set({ counted: JSON.stringify(count.tokens), counted_nano: count.nano })
    .where('id', '=', request.id)
    .execute()
}
