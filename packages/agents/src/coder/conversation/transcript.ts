import type { ModelMessage } from 'ai'
import { cutMiddle } from '../../process/keep-ends.ts'

/** A conversation as a text of at most about `limit` characters, to be summarised. */
export function writeTranscript(messages: ModelMessage[], limit: number): string {
  const entries = messages.flatMap(entriesOf)
  const share = Math.max(Math.floor(limit / Math.max(entries.length, 1)), 200)
  const text = entries.map((entry) => cutMiddle(entry, Math.max(share, 2000))).join('\n\n')
  if (text.length <= limit) return text
  return cutMiddle(entries.map((entry) => cutMiddle(entry, share)).join('\n\n'), limit)
}

function entriesOf(message: ModelMessage): string[] {
  if (typeof message.content === 'string') return [`${message.role}: ${message.content}`]
  return message.content.flatMap((part) => {
    switch (part.type) {
      case 'text':
        return [`${message.role}: ${part.text}`]
      case 'tool-call':
        return [`assistant calls ${part.toolName}: ${JSON.stringify(part.input)}`]
      case 'tool-result':
        return [
          `${part.toolName} gives: ${part.output.type === 'text' ? part.output.value : JSON.stringify(part.output)}`,
        ]
      default:
        // Thoughts are not part of what was said.
        return []
    }
  })
}
