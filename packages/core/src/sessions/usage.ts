import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { fenced, type Lease } from './fence.ts'

/** Tokens of one model request, as the gateway counted them. Cached ones are part of `input_tokens`. */
export interface TokenUsage {
  model: string
  input_tokens: number
  cached_input_tokens: number
  cache_write_tokens: number
  output_tokens: number
}

/**
 * Adds a request's tokens to the session's count, and what they cost to its usage: as it was at the
 * time, whatever prices there are later.
 *
 * @param costNano in nano AI credits
 * @throws StaleAttempt when the lease was lost.
 */
export async function recordUsage(
  store: Store,
  lease: Lease,
  usage: TokenUsage,
  costNano: number,
): Promise<void> {
  await fenced(store, lease, async (tx, session) => {
    await sql`
      insert into usage (session_id, model, requests, input_tokens, cached_input_tokens,
        cache_write_tokens, output_tokens)
      values (${session.id}, ${usage.model}, 1, ${usage.input_tokens}, ${usage.cached_input_tokens},
        ${usage.cache_write_tokens}, ${usage.output_tokens})
      on conflict (session_id, model) do update
      set requests = usage.requests + 1,
        input_tokens = usage.input_tokens + excluded.input_tokens,
        cached_input_tokens = usage.cached_input_tokens + excluded.cached_input_tokens,
        cache_write_tokens = usage.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage.output_tokens + excluded.output_tokens`.execute(tx)
    await tx
      .updateTable('sessions')
      .set({ usage_nano: sql<number>`usage_nano + ${costNano}` })
      .where('id', '=', session.id)
      .execute()
  })
}
