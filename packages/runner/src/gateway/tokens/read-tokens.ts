import { readChatCompletions } from './read-chat-completions.ts'
import { readGenerateContent } from './read-generate-content.ts'
import { readMessages } from './read-messages.ts'
import { readResponses } from './read-responses.ts'
import type { ModelApi, TokenReport } from './token-report.ts'

const readers = {
  messages: readMessages,
  responses: readResponses,
  chat_completions: readChatCompletions,
  generate_content: readGenerateContent,
} as const satisfies Record<ModelApi, (value: unknown) => TokenReport>

/** https://platform.openai.com/docs/api-reference/chat-streaming: no JSON, and the last there is. */
const endOfOpenAi = '[DONE]'

/** Reads a whole answer, or the data of one event of a stream. Anything else says nothing. */
export function readTokens(api: ModelApi, text: string): TokenReport {
  if (text === endOfOpenAi) return { isEnd: true }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {}
  }
  return readers[api](value)
}
