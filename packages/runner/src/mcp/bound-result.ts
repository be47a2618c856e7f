import { truncateMiddle } from '../printable.ts'
import type { CallResult } from './connection.ts'

/** Of a result, as JSON: what the agent gets. */
const longestResult = 1024 * 1024

/** A result that fits: texts are cut in their middle, and what else is too long is named instead. */
export function boundResult(result: CallResult): CallResult {
  const { isError, structuredContent } = result
  const rest = isError === undefined ? {} : { isError }
  const kept = result.content.slice(0, mostItems)
  const whole = { content: kept, ...(structuredContent && { structuredContent }), ...rest }
  if (JSON.stringify(whole).length <= longestResult) return whole
  let left = longestResult
  const content = kept.map((item) => {
    const { type, text } = item
    // A text may become six times as long as JSON.
    if (type === 'text' && typeof text === 'string') {
      const cut = truncateMiddle(text, Math.max(0, Math.floor(left / 6)))
      left -= cut.length * 6
      return { type, text: cut }
    }
    const { length } = JSON.stringify(item)
    if (length > left) {
      const what = type === 'image' ? 'an image' : `what is a ${type.slice(0, 100)}`
      return { type: 'text', text: `[${what} is left out: ${length} characters]` }
    }
    left -= length
    return item
  })
  return { content, ...rest }
}

const mostItems = 100

/** What a reader of the log sees of a result. */
export function textOfResult({ content, structuredContent }: CallResult): string {
  const texts = content.map((item) => {
    if (item.type === 'text' && typeof item.text === 'string') return item.text
    return `[${item.type}]`
  })
  if (texts.length === 0 && structuredContent !== undefined) {
    return JSON.stringify(structuredContent)
  }
  return texts.join('\n')
}

/** What the agent is told where a call came to nothing. */
export function failedResult(message: string): CallResult {
  return { content: [{ type: 'text', text: message }], isError: true }
}
