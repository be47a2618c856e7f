import { readTokens } from '../tokens/read-tokens.ts'
import type { ModelApi, TokenCount, TokenReport } from '../tokens/token-report.ts'
import { createArrayReader } from './json-array.ts'
import { createSample } from './sample.ts'
import { findUsage } from './find-usage.ts'
import { createEventReader } from './server-sent-events.ts'

/** Counts the tokens of one answer as it passes. */
export interface Meter {
  /** Whether the answer is a stream: what is none is only known at its end. */
  readonly isStream: boolean
  /** What the model that answers calls itself, once it has said so. */
  readonly answeredBy: string | undefined
  /** Whether the stream has told its end, and nothing more will be counted. */
  readonly isEnded: boolean
  /** Whether the first chunk of the answer tells nothing of tokens, and may as well be read when it has passed. */
  isSilent(first: Buffer): boolean
  /** Whether there is anything new of tokens in a chunk: the last word, or a first one. */
  push(chunk: Buffer): 'final' | 'reported' | undefined
  /** What was used so far, or in the end, also when the answer was cut short. */
  count(): TokenCount
}

export interface MeteredAnswer {
  api: ModelApi
  contentType: string | undefined
  /** Whether a stream was asked for. */
  isStreamed: boolean
  /**
   * Of the body sent: what the input is guessed from when an answer breaks off before the upstream has
   * counted. A guess is wrong by some; nothing would be wrong by all.
   */
  requestBytes: number
}

/** Longest answer without streaming that is read for its count. */
const longestAnswer = 32 * 1024 * 1024

/** Rough, and used only where the upstream's own count never came: English has four to a token. */
const charactersPerToken = 4

export function createMeter({ api, contentType, isStreamed, requestBytes }: MeteredAnswer): Meter {
  let count: Partial<TokenCount> = {}
  let isFinal = false
  let isDone = false
  let isEnded = false
  const sample = createSample()
  let answeredBy: string | undefined
  let news: 'final' | 'reported' | undefined
  const add = (report: TokenReport): void => {
    if (isEnded) return
    answeredBy ??= report.model
    sample.add(report.writtenCharacters ?? 0)
    const isLast = report.isFinal === true || isDone
    isDone ||= report.isDone ?? false
    if (report.count !== undefined) {
      count = { ...count, ...report.count }
      isFinal ||= isLast
      news = isLast || news === 'final' ? 'final' : 'reported'
    }
    isEnded = isFinal && report.isEnd === true
  }
  const isEvents = contentType?.includes('text/event-stream') === true
  // Gemini's other stream: an array that is written element by element.
  const isArray = !isEvents && isStreamed && api === 'generate_content'
  const isStream = isEvents || isArray
  const onData = (data: string): void => add(readTokens(api, data))
  const read = isArray
    ? createArrayReader(onData)
    : createEventReader({
        pick: (events) => sample.pick(events, () => findUsage(api, events)),
        onData,
      })
  const chunks: Uint8Array[] = []
  let length = 0
  let isRead = isStream
  return {
    isStream,
    get answeredBy() {
      return answeredBy
    },
    get isEnded() {
      return isEnded
    },
    isSilent: (first) => isStream && findUsage(api, first) === -1,
    push(chunk) {
      news = undefined
      if (isStream) read(chunk)
      else {
        length += chunk.length
        if (length <= longestAnswer) chunks.push(chunk)
      }
      return news
    },
    count() {
      if (!isRead) add(readTokens(api, Buffer.concat(chunks).toString('utf8')))
      isRead = true
      const guess = Math.ceil(sample.written() / charactersPerToken)
      const input = count.input_tokens ?? Math.ceil(requestBytes / charactersPerToken)
      const output = isFinal
        ? (count.output_tokens ?? guess)
        : Math.max(count.output_tokens ?? 0, guess)
      return consistent({ ...count, input_tokens: input, output_tokens: output })
    },
  }
}

/** Parts are no more than the whole, whatever an upstream says: prices insist on it. */
function consistent(
  count: Partial<TokenCount> & Pick<TokenCount, 'input_tokens' | 'output_tokens'>,
): TokenCount {
  const { input_tokens: input, output_tokens: output } = count
  const cached = Math.min(count.cached_input_tokens ?? 0, input)
  const written = Math.min(count.cache_write_tokens ?? 0, input - cached)
  const forAnHour = Math.min(count.cache_write_1h_tokens ?? 0, written)
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    cache_write_tokens: written,
    output_tokens: output,
    reasoning_tokens: Math.min(count.reasoning_tokens ?? 0, output),
    ...(forAnHour === 0 ? {} : { cache_write_1h_tokens: forAnHour }),
  }
}
