import { fieldsOf, listOf } from '../../fields.ts'
import {
  lengthOf,
  nameOf,
  outputWithin,
  sumOf,
  type TokenReport,
  tokensOf,
} from './token-report.ts'

/**
 * The usage is in the answer, or in a chunk of its own at the end of a stream. There are servers that
 * send it with every chunk: only what comes with the end, or after it, is the last word.
 */
export function readChatCompletions(value: unknown): TokenReport {
  const chunk = fieldsOf(value)
  const choices = listOf(chunk['choices']).map(fieldsOf)
  const usage = fieldsOf(chunk['usage'])
  const input = tokensOf(usage['prompt_tokens'])
  const output = outputWithin(usage['total_tokens'], input, tokensOf(usage['completion_tokens']))
  const details = fieldsOf(usage['prompt_tokens_details'])
  const isDone = choices.some((choice) => typeof choice['finish_reason'] === 'string')
  const report = {
    model: nameOf(chunk['model']),
    isDone,
    writtenCharacters: sumOf(choices, (choice) => writtenIn(choice['delta'] ?? choice['message'])),
  }
  if (input === undefined || output === undefined) return report
  return {
    ...report,
    isFinal: isDone || choices.length === 0,
    count: {
      input_tokens: input,
      cached_input_tokens: tokensOf(details['cached_tokens']) ?? 0,
      cache_write_tokens: tokensOf(details['cache_write_tokens']) ?? 0,
      output_tokens: output,
      reasoning_tokens:
        tokensOf(fieldsOf(usage['completion_tokens_details'])['reasoning_tokens']) ?? 0,
    },
  }
}

function writtenIn(value: unknown): number {
  const delta = fieldsOf(value)
  const calls = listOf(delta['tool_calls']).map((call) => fieldsOf(fieldsOf(call)['function']))
  return (
    lengthOf(delta['content']) +
    lengthOf(delta['refusal']) +
    // Servers have two names for it, and none sends both.
    Math.max(lengthOf(delta['reasoning_content']), lengthOf(delta['reasoning'])) +
    lengthOf(fieldsOf(delta['function_call'])['arguments']) +
    sumOf(calls, (call) => lengthOf(call['name']) + lengthOf(call['arguments']))
  )
}
