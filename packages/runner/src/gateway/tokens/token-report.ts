import type { TokenCounts } from '@errand/core'

/** Tokens of one request. */
export type TokenCount = TokenCounts

/** The endpoints that cost tokens, each with its own way of saying how many. */
export type ModelApi = 'messages' | 'responses' | 'chat_completions' | 'generate_content'

/** What one answer, or one event of a stream, says of the tokens used. */
export interface TokenReport {
  count?: Partial<TokenCount> | undefined
  /** Whether it is the last word on it. */
  isFinal?: boolean
  /** Whether the model has said that it is done: what is counted from here on is the last word too. */
  isDone?: boolean
  /** Whether nothing follows in this stream. */
  isEnd?: boolean
  /** Characters the model has written in this event: text, thoughts, and what it calls tools with. */
  writtenCharacters?: number
  /** What the model that answers calls itself. */
  model?: string | undefined
}

const mostTokens = 1e12
const longestName = 200

/** A number of tokens; undefined for what can be none. */
export function tokensOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostTokens
    ? value
    : undefined
}

/**
 * What an answer cost beside its prompt: xAI counts reasoning beside `completion_tokens`, and Google's OpenAI-compatible
 * endpoint thoughts only in `total_tokens`. Of OpenAI's own the sum is the total.
 */
export function outputWithin(
  total: unknown,
  input: number | undefined,
  output: number | undefined,
): number | undefined {
  if (input === undefined || output === undefined) return output
  return Math.max(output, (tokensOf(total) ?? 0) - input)
}

export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longestName
    ? value
    : undefined
}

/** How long a text is, and 0 for anything else. */
export function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

export function sumOf<T>(values: readonly T[], count: (value: T) => number): number {
  return values.reduce((sum, value) => sum + count(value), 0)
}
