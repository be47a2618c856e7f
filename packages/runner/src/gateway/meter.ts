import { createEventReader } from './server-sent-events.ts'
import { type ModelApi, readTokens, type TokenCount, type TokenReport } from './token-count.ts'

/** Counts the tokens of one answer as it passes. */
export interface Meter {
  push(chunk: Uint8Array): void
  /** What was used, also when the answer was cut short. */
  finish(): TokenCount
}

/** Longest answer without streaming that is read for its count. */
const longestAnswer = 32 * 1024 * 1024

/** Rough, and used only where the upstream's own count never came: English has four to a token. */
const charactersPerToken = 4

/**
 * @param requestBytes of the body sent: what the input is guessed from when an answer breaks off before
 *   the upstream has counted. A guess is wrong by some; nothing would be wrong by all.
 */
export function createMeter(
  api: ModelApi,
  contentType: string | undefined,
  requestBytes: number,
): Meter {
  let count: Partial<TokenCount> = {}
  let isFinal = false
  let written = 0
  const add = (report: TokenReport): void => {
    count = { ...count, ...report.count }
    isFinal ||= report.isFinal ?? false
    written += report.writtenCharacters ?? 0
  }
  const isStream = contentType?.includes('text/event-stream') === true
  const readEvents = createEventReader((data) => add(readTokens(api, data)))
  const chunks: Uint8Array[] = []
  let length = 0
  return {
    push(chunk) {
      if (isStream) {
        readEvents(chunk)
        return
      }
      length += chunk.length
      if (length <= longestAnswer) chunks.push(chunk)
    },
    finish() {
      if (!isStream) add(readTokens(api, Buffer.concat(chunks).toString('utf8')))
      const guess = Math.ceil(written / charactersPerToken)
      return {
        input_tokens: count.input_tokens ?? Math.ceil(requestBytes / charactersPerToken),
        cached_input_tokens: count.cached_input_tokens ?? 0,
        cache_write_tokens: count.cache_write_tokens ?? 0,
        reasoning_tokens: count.reasoning_tokens ?? 0,
        output_tokens: isFinal
          ? (count.output_tokens ?? guess)
          : Math.max(count.output_tokens ?? 0, guess),
      }
    },
  }
}
