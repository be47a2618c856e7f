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

/** Reads a whole answer, or the data of one event of a stream. Anything else says nothing. */
export function readTokens(api: ModelApi, text: string): TokenReport {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // `[DONE]`, the end of OpenAI's streams, is no JSON.
    return {}
  }
  return readers[api](value)
}
