import { type Fields, fieldsOf, listOf } from '../../fields.ts'
import {
  lengthOf,
  nameOf,
  sumOf,
  type TokenCount,
  type TokenReport,
  tokensOf,
} from './token-report.ts'

/** https://docs.claude.com/en/api/messages-streaming: start has the input, deltas the output so far. */
export function readMessages(value: unknown): TokenReport {
  const event = fieldsOf(value)
  const message = fieldsOf(event['message'])
  const delta = fieldsOf(event['delta'])
  const usage = message['usage'] ?? event['usage']
  return {
    model: nameOf(message['model']) ?? nameOf(event['model']),
    count: typeof usage === 'object' && usage !== null ? countOf(fieldsOf(usage)) : undefined,
    isFinal: event['type'] === 'message' || event['type'] === 'message_delta',
    isEnd: event['type'] === 'message_stop',
    writtenCharacters:
      lengthOf(delta['text']) + lengthOf(delta['thinking']) + lengthOf(delta['partial_json']),
  }
}

/**
 * Where one answer took several passes, each is in `iterations`, and the counts beside them leave out those that made
 * the conversation shorter (https://docs.claude.com/en/build-with-claude/compaction).
 */
function countOf(usage: Fields): Partial<TokenCount> {
  const whole = countOfPass(usage)
  const passes = listOf(usage['iterations']).map((pass) => countOfPass(fieldsOf(pass)))
  if (passes.length === 0) return whole
  const sum = (field: keyof TokenCount): number =>
    Math.max(
      whole[field] ?? 0,
      sumOf(passes, (pass) => pass[field] ?? 0),
    )
  const forAnHour = sum('cache_write_1h_tokens')
  return {
    input_tokens: sum('input_tokens'),
    cached_input_tokens: sum('cached_input_tokens'),
    cache_write_tokens: sum('cache_write_tokens'),
    output_tokens: sum('output_tokens'),
    ...(forAnHour === 0 ? {} : { cache_write_1h_tokens: forAnHour }),
  }
}

/** Anthropic counts cached tokens beside the input, not within. */
function countOfPass(usage: Fields): Partial<TokenCount> {
  const input = tokensOf(usage['input_tokens'])
  const output = tokensOf(usage['output_tokens'])
  const cached = tokensOf(usage['cache_read_input_tokens']) ?? 0
  const written = tokensOf(usage['cache_creation_input_tokens']) ?? 0
  const forAnHour = tokensOf(fieldsOf(usage['cache_creation'])['ephemeral_1h_input_tokens']) ?? 0
  return {
    ...(input === undefined
      ? {}
      : {
          input_tokens: input + cached + written,
          cached_input_tokens: cached,
          cache_write_tokens: written,
          // Absent where there are none: few requests keep anything for an hour.
          ...(forAnHour === 0 ? {} : { cache_write_1h_tokens: Math.min(forAnHour, written) }),
        }),
    ...(output === undefined ? {} : { output_tokens: output }),
  }
}
