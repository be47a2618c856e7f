import { fieldsOf, listOf } from '../../fields.ts'
import { lengthOf, nameOf, sumOf, type TokenReport, tokensOf } from './token-report.ts'

/**
 * https://ai.google.dev/api/generate-content#UsageMetadata: every chunk of a stream has the counts so
 * far. Thoughts are counted beside the output, what tools were given beside the prompt; cached content is
 * part of the prompt.
 */
export function readGenerateContent(value: unknown): TokenReport {
  const answer = fieldsOf(value)
  const candidates = listOf(answer['candidates']).map(fieldsOf)
  const usage = fieldsOf(answer['usageMetadata'])
  const prompt = tokensOf(usage['promptTokenCount'])
  const isDone =
    candidates.some((candidate) => typeof candidate['finishReason'] === 'string') ||
    typeof fieldsOf(answer['promptFeedback'])['blockReason'] === 'string'
  const report = {
    model: nameOf(answer['modelVersion']),
    isDone,
    writtenCharacters: sumOf(candidates, writtenIn),
  }
  if (prompt === undefined) return report
  const thoughts = tokensOf(usage['thoughtsTokenCount']) ?? 0
  return {
    ...report,
    isFinal: isDone,
    count: {
      input_tokens: prompt + (tokensOf(usage['toolUsePromptTokenCount']) ?? 0),
      cached_input_tokens: tokensOf(usage['cachedContentTokenCount']) ?? 0,
      cache_write_tokens: 0,
      output_tokens: (tokensOf(usage['candidatesTokenCount']) ?? 0) + thoughts,
      reasoning_tokens: thoughts,
    },
  }
}

function writtenIn(candidate: Readonly<Record<string, unknown>>): number {
  const parts = listOf(fieldsOf(candidate['content'])['parts']).map(fieldsOf)
  return sumOf(parts, (part) => {
    const call = part['functionCall']
    return lengthOf(part['text']) + (call === undefined ? 0 : JSON.stringify(call).length)
  })
}
