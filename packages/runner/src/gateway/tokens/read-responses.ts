import { fieldsOf } from '../../fields.ts'
import { lengthOf, nameOf, outputWithin, type TokenReport, tokensOf } from './token-report.ts'

/** `response.completed`, `.incomplete` and `.failed` carry the whole response with its usage. */
export function readResponses(value: unknown): TokenReport {
  const event = fieldsOf(value)
  const response = fieldsOf(event['response'] ?? value)
  const usage = fieldsOf(response['usage'])
  const input = tokensOf(usage['input_tokens'])
  const output = outputWithin(usage['total_tokens'], input, tokensOf(usage['output_tokens']))
  const details = fieldsOf(usage['input_tokens_details'])
  const report = { model: nameOf(response['model']), writtenCharacters: lengthOf(event['delta']) }
  if (input === undefined || output === undefined) return report
  return {
    ...report,
    isFinal: true,
    isEnd: true,
    count: {
      input_tokens: input,
      cached_input_tokens: tokensOf(details['cached_tokens']) ?? 0,
      cache_write_tokens: tokensOf(details['cache_write_tokens']) ?? 0,
      output_tokens: output,
      reasoning_tokens: tokensOf(fieldsOf(usage['output_tokens_details'])['reasoning_tokens']) ?? 0,
    },
  }
}
