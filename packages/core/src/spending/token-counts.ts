/**
 * Tokens of model requests, as the gateway counted them. Cached and written ones are part of the input,
 * reasoning is part of the output.
 */
export interface TokenCounts {
  input_tokens: number
  cached_input_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
  /** Of the written ones those that are kept for an hour, which cost more; absent where there are none. */
  cache_write_1h_tokens?: number
}

/** Tokens of one model. */
export type TokenUsage = TokenCounts & { model: string }

export const noTokens: TokenCounts = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
}

export function subtractTokens(counts: TokenCounts, other: TokenCounts): TokenCounts {
  return {
    input_tokens: counts.input_tokens - other.input_tokens,
    cached_input_tokens: counts.cached_input_tokens - other.cached_input_tokens,
    cache_write_tokens: counts.cache_write_tokens - other.cache_write_tokens,
    output_tokens: counts.output_tokens - other.output_tokens,
    reasoning_tokens: counts.reasoning_tokens - other.reasoning_tokens,
  }
}
