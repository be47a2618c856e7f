import type { LanguageModel, ModelMessage, SystemModelMessage } from 'ai'
import type { CoderSettings } from '../settings.ts'

type ProviderOptions = NonNullable<SystemModelMessage['providerOptions']>

/** A model, spoken to by the API it is served with. */
export interface Model {
  language: LanguageModel
  /** What each call says beside the question. */
  options: ProviderOptions
  /** Marks up to where a question repeats the one before it, for servers that want to be told. */
  markRepeated<Message extends ModelMessage>(message: Message): Message
}

/** The gateway knows the session by the URL and puts the real key in; the libraries insist on one. */
const apiKey = 'set-by-the-gateway'

/** Each library is loaded only where its API is spoken: starting quickly matters. */
export function openModel(settings: CoderSettings): Promise<Model> {
  return openers[settings.modelApi](settings)
}

type Opener = (settings: CoderSettings) => Promise<Model>

const openers: Record<CoderSettings['modelApi'], Opener> = {
  messages: openMessages,
  responses: openResponses,
  chat_completions: openChatCompletions,
  generate_content: openGenerateContent,
}

async function openMessages({ modelUrl: baseURL, model }: CoderSettings): Promise<Model> {
  const { createAnthropic } = await import('@ai-sdk/anthropic')
  const anthropic = { cacheControl: { type: 'ephemeral' } }
  return {
    language: createAnthropic({ baseURL, apiKey })(model),
    options: {},
    markRepeated: (message) => ({ ...message, providerOptions: { anthropic } }),
  }
}

async function openResponses({ modelUrl: baseURL, model }: CoderSettings): Promise<Model> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  return {
    language: createOpenAI({ baseURL, apiKey }).responses(model),
    // The conversation is kept here: a server that forgets it, or another one, must do.
    options: { openai: { store: false } },
    markRepeated: (message) => message,
  }
}

async function openChatCompletions({ modelUrl: baseURL, model }: CoderSettings): Promise<Model> {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
  const settings = { name: 'errand', baseURL, apiKey, includeUsage: true }
  return {
    language: createOpenAICompatible(settings).chatModel(model),
    options: {},
    markRepeated: (message) => message,
  }
}

async function openGenerateContent({ modelUrl: baseURL, model }: CoderSettings): Promise<Model> {
  const { createGoogleGenerativeAI } = await import('@ai-sdk/google')
  return {
    language: createGoogleGenerativeAI({ baseURL, apiKey })(model),
    options: {},
    markRepeated: (message) => message,
  }
}
