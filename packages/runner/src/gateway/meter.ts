import { createEventReader } from './server-sent-events.ts'
import { type ModelApi, readTokens, type TokenCount, type TokenReport } from './token-count.ts'

/** Counts the tokens of one answer as it passes. */
export interface Meter {
  /** Whether the answer is a stream: what is none is only known at its end. */
  readonly isStream: boolean
  /** What the model that answers calls itself, once it has said so. */
  readonly answeredBy: string | undefined
  /** Whether there is anything new of tokens in a chunk: the last word, or a first one. */
  push(chunk: Uint8Array): 'final' | 'reported' | undefined
  /** What was used so far, or in the end, also when the answer was cut short. */
  count(): TokenCount
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
  let answeredBy: string | undefined
  let news: 'final' | 'reported' | undefined
  const add = (report: TokenReport): void => {
    answeredBy ??= report.model
    written += report.writtenCharacters ?? 0
    if (report.count === undefined) return
    count = { ...count, ...report.count }
    isFinal ||= report.isFinal ?? false
    news = report.isFinal === true || news === 'final' ? 'final' : 'reported'
  }
  const isStream = contentType?.includes('text/event-stream') === true
  const readEvents = createEventReader((data) => add(readTokens(api, data)))
  const chunks: Uint8Array[] = []
  let length = 0
  let isRead = isStream
  return {
    isStream,
    get answeredBy() {
      return answeredBy
    },
    push(chunk) {
      news = undefined
      if (isStream) readEvents(chunk)
      else {
        length += chunk.length
        if (length <= longestAnswer) chunks.push(chunk)
      }
      return news
    },
    count() {
      if (!isRead) add(readTokens(api, Buffer.concat(chunks).toString('utf8')))
      isRead = true
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
