import type { Model, Settings, Upstream } from '@errand/contract'
import { z } from 'zod'
import type { Environment } from '../settings.ts'

/** What is used when neither upstreams nor models are configured but a key is in the environment. */
export interface FoundModels {
  upstreams: Settings['upstreams']
  models: Settings['models']
  /** What was found and where, a sentence each, for the log. */
  notes: string[]
}

interface Provider {
  name: string
  keyVariable: string
  upstream: Upstream
  /** Ids as tasks name them, with the upstream's own name where it differs (behaviour.md 5). */
  models: readonly (string | readonly [id: string, name: string])[]
  api: NonNullable<Model['api']>
  contextWindow: number
}

const providers: readonly Provider[] = [
  {
    name: 'anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    upstream: {
      wire: 'anthropic',
      base_url: 'https://api.anthropic.com/v1',
      api_key_env: 'ANTHROPIC_API_KEY',
    },
    models: [
      'claude-sonnet-5',
      'claude-opus-5',
      ['claude-haiku-4.5', 'claude-haiku-4-5'],
      ['claude-sonnet-4.6', 'claude-sonnet-4-6'],
      ['claude-opus-4.6', 'claude-opus-4-6'],
    ],
    api: 'messages',
    contextWindow: 200_000,
  },
  {
    name: 'openai',
    keyVariable: 'OPENAI_API_KEY',
    upstream: {
      wire: 'openai',
      base_url: 'https://api.openai.com/v1',
      api_key_env: 'OPENAI_API_KEY',
    },
    models: ['gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna', 'gpt-5.5', 'gpt-5.4', 'gpt-5.3-codex'],
    api: 'responses',
    contextWindow: 272_000,
  },
  {
    name: 'gemini',
    keyVariable: 'GEMINI_API_KEY',
    upstream: {
      wire: 'gemini',
      base_url: 'https://generativelanguage.googleapis.com/v1beta',
      api_key_env: 'GEMINI_API_KEY',
    },
    models: [['gemini-3.1-pro', 'gemini-3.1-pro-preview']],
    api: 'generate_content',
    contextWindow: 1_000_000,
  },
]

/** The variables that make Errand use a model without being configured. */
export const modelVariables = [
  ...providers.map(({ keyVariable }) => keyVariable),
  'OPENAI_BASE_URL',
]

/**
 * Upstreams and models from the keys in the environment. OPENAI_BASE_URL means a server of one's own
 * (Ollama, vLLM): its model is OPENAI_MODEL, or it is asked which it has. Throws nothing: a server
 * that does not answer is a note.
 */
export async function findModels(
  environment: Environment,
  options: { signal: AbortSignal; fetch?: typeof fetch },
): Promise<FoundModels> {
  const found: FoundModels = { upstreams: {}, models: [], notes: [] }
  for (const provider of providers) {
    if (!environment[provider.keyVariable]) continue
    if (provider.name === 'openai' && environment.OPENAI_BASE_URL) continue
    found.upstreams[provider.name] = provider.upstream
    found.models.push(...provider.models.map((model) => presentModel(provider, model)))
    found.notes.push(`models of ${provider.name}, because ${provider.keyVariable} is set`)
  }
  if (environment.OPENAI_BASE_URL)
    await addOwnServer(found, environment, environment.OPENAI_BASE_URL, options)
  return found
}

function presentModel(provider: Provider, model: Provider['models'][number]): Model {
  const [id, name] = typeof model === 'string' ? [model] : model
  return {
    id,
    ...(name !== undefined && { name }),
    upstream: provider.name,
    agent: 'coder',
    aliases: [],
    api: provider.api,
    context_window: provider.contextWindow,
    max_output_tokens: 16_000,
  }
}

async function addOwnServer(
  found: FoundModels,
  environment: Environment,
  baseUrl: string,
  options: { signal: AbortSignal; fetch?: typeof fetch },
): Promise<void> {
  const url = baseUrl.replace(/\/+$/, '')
  const key = environment.OPENAI_API_KEY
  const names = environment.OPENAI_MODEL
    ? [environment.OPENAI_MODEL]
    : await askModels(url, key, options)
  if (names.length === 0) {
    found.notes.push(
      `no model of ${url} (OPENAI_BASE_URL): it does not say which it has; set OPENAI_MODEL`,
    )
    return
  }
  found.upstreams.openai = {
    wire: 'openai',
    base_url: url,
    ...(key && { api_key_env: 'OPENAI_API_KEY' }),
  }
  for (const id of names) {
    found.models.push({
      id,
      upstream: 'openai',
      agent: 'coder',
      aliases: [],
      api: 'chat_completions',
      // Local models take less, and a compaction too early costs less than one too late.
      context_window: 32_000,
      max_output_tokens: 8_000,
    })
  }
  found.notes.push(`${names.join(', ')} of ${url}, because OPENAI_BASE_URL is set`)
}

const ModelList = z.object({ data: z.array(z.object({ id: z.string() })) })
const askTimeoutMs = 5000

async function askModels(
  url: string,
  key: string | undefined,
  options: { signal: AbortSignal; fetch?: typeof fetch },
): Promise<string[]> {
  try {
    const response = await (options.fetch ?? fetch)(`${url}/models`, {
      headers: key ? { authorization: `Bearer ${key}` } : {},
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(askTimeoutMs)]),
    })
    const list = ModelList.safeParse(await response.json())
    return list.success ? list.data.data.map(({ id }) => id) : []
  } catch (error) {
    options.signal.throwIfAborted()
    // Not reachable, too slow, or no JSON: all mean that it does not say.
    if (error instanceof Error) return []
    throw error
  }
}
