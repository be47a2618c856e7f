import type { ModelApi } from '../tokens/token-report.ts'

const usage = /"usage"\s*:\s*[^n\s]/
/** What names a reason to finish, or says what was used: one pattern, as each is a pass over all bytes. */
const usageOrFinish = /"usage"\s*:\s*[^n\s]|"finish_reason"\s*:\s*"/
const markers: Partial<Record<ModelApi, RegExp>> = {
  messages: usage,
  responses: usage,
  chat_completions: usageOrFinish,
}

/**
 * Where complete events of a stream may first tell of tokens, or of its end; -1 where they do not. Looks for the names
 * alone: most of a stream is text, and need not be parsed. What a model writes has its quotes escaped, and is no such
 * name. Some servers write `null` where there is nothing to tell.
 */
export function findUsage(api: ModelApi, bytes: Buffer): number {
  const marker = markers[api]
  // A character for each byte, which is quicker to make than one for each that was meant.
  return marker === undefined ? 0 : bytes.toString('latin1').search(marker)
}
