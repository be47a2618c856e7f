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
