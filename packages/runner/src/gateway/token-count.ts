import { z } from 'zod'

import type { TokenCounts } from '@errand/core'

/** Tokens of one request. */
export type TokenCount = TokenCounts

/** The endpoints that cost tokens, each with its own way of saying how many. */
export type ModelApi = 'messages' | 'responses' | 'chat_completions'

/** What one answer, or one event of a stream, says of the tokens used. */
export interface TokenReport {
  count?: Partial<TokenCount>
  /** Whether it is the last word on it. */
  isFinal?: boolean
  /** Characters of text the model has written in this event. */
  writtenCharacters?: number
  /** What the model that answers calls itself. */
  model?: string
}

const tokens = z.number().int().min(0).max(1e12)
const optional = tokens.nullish().catch(undefined)
const modelName = z.string().min(1).max(200).optional().catch(undefined)

const AnthropicUsage = z.object({
  input_tokens: optional,
  cache_read_input_tokens: optional,
  cache_creation_input_tokens: optional,
  output_tokens: optional,
})
const AnthropicEvent = z.object({
  type: z.string(),
  message: z.object({ usage: AnthropicUsage, model: modelName }).optional().catch(undefined),
  model: modelName,
  usage: AnthropicUsage.optional().catch(undefined),
  delta: z
    .object({
      text: z.string().optional(),
      thinking: z.string().optional(),
      partial_json: z.string().optional(),
    })
    .optional()
    .catch(undefined),
})

/** https://docs.claude.com/en/api/messages-streaming: start has the input, deltas the output so far. */
function readAnthropic(value: unknown): TokenReport {
  const event = AnthropicEvent.safeParse(value).data
  if (event === undefined) return {}
  const usage = event.message?.usage ?? event.usage
  const { text = '', thinking = '', partial_json: json = '' } = event.delta ?? {}
  const model = event.message?.model ?? event.model
  return {
    ...(model === undefined ? {} : { model }),
    ...(usage === undefined ? {} : { count: presentAnthropic(usage) }),
    isFinal: event.type === 'message' || event.type === 'message_delta',
    writtenCharacters: text.length + thinking.length + json.length,
  }
}

/** Anthropic counts cached tokens beside the input, not within. */
function presentAnthropic(usage: z.infer<typeof AnthropicUsage>): Partial<TokenCount> {
  const cached = usage.cache_read_input_tokens ?? 0
  const written = usage.cache_creation_input_tokens ?? 0
  return {
    ...(usage.input_tokens == null
      ? {}
      : {
          input_tokens: usage.input_tokens + cached + written,
          cached_input_tokens: cached,
          cache_write_tokens: written,
        }),
    ...(usage.output_tokens == null ? {} : { output_tokens: usage.output_tokens }),
  }
}

const ResponsesUsage = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  input_tokens_details: z.object({ cached_tokens: optional }).nullish().catch(undefined),
  output_tokens_details: z.object({ reasoning_tokens: optional }).nullish().catch(undefined),
})
const ResponsesAnswer = z.object({ usage: ResponsesUsage, model: modelName })
const ResponsesEvent = z.object({
  type: z.string(),
  response: z
    .object({ usage: ResponsesUsage.nullish().catch(undefined), model: modelName })
    .optional()
    .catch(undefined),
  delta: z.string().optional().catch(undefined),
})

/** `response.completed`, `.incomplete` and `.failed` carry the whole response with its usage. */
function readResponses(value: unknown): TokenReport {
  const event = ResponsesEvent.safeParse(value).data
  const whole = ResponsesAnswer.safeParse(value).data
  const usage = event?.response?.usage ?? whole?.usage
  const name = event?.response?.model ?? whole?.model
  const writtenCharacters = event?.delta?.length ?? 0
  const model = name === undefined ? {} : { model: name }
  if (usage === undefined) return { writtenCharacters, ...model }
  return {
    ...model,
    isFinal: true,
    writtenCharacters,
    count: {
      input_tokens: usage.input_tokens,
      cached_input_tokens: usage.input_tokens_details?.cached_tokens ?? 0,
      cache_write_tokens: 0,
      output_tokens: usage.output_tokens,
      reasoning_tokens: usage.output_tokens_details?.reasoning_tokens ?? 0,
    },
  }
}

const ChatChunk = z.object({
  model: modelName,
  usage: z
    .object({
      prompt_tokens: tokens,
      completion_tokens: tokens,
      prompt_tokens_details: z.object({ cached_tokens: optional }).nullish().catch(undefined),
      completion_tokens_details: z
        .object({ reasoning_tokens: optional })
        .nullish()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  choices: z
    .array(
      z.object({
        delta: z
          .object({ content: z.string().nullish(), reasoning_content: z.string().nullish() })
          .optional()
          .catch(undefined),
      }),
    )
    .catch([]),
})

/** The usage is in the answer, or in a chunk of its own at the end of a stream. */
function readChat(value: unknown): TokenReport {
  const chunk = ChatChunk.safeParse(value).data
  if (chunk === undefined) return {}
  const written = chunk.choices.map(
    ({ delta }) => (delta?.content?.length ?? 0) + (delta?.reasoning_content?.length ?? 0),
  )
  const writtenCharacters = written.reduce((sum, length) => sum + length, 0)
  const { usage } = chunk
  const model = chunk.model === undefined ? {} : { model: chunk.model }
  if (usage === undefined) return { writtenCharacters, ...model }
  return {
    ...model,
    isFinal: true,
    writtenCharacters,
    count: {
      input_tokens: usage.prompt_tokens,
      cached_input_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      cache_write_tokens: 0,
      output_tokens: usage.completion_tokens,
      reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  }
}

const readers = {
  messages: readAnthropic,
  responses: readResponses,
  chat_completions: readChat,
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
