import { timingSafeEqual } from 'node:crypto'

import type { Upstream } from '@errand/contract'

import type { ModelApi } from './tokens/token-report.ts'

export type Wire = Upstream['wire']

/** A call of a model, as it is asked for. */
export interface CallRoute {
  type: 'call'
  wire: Wire
  /** Below the upstream's base URL. Of Gemini, `{model}` stands where the model's name was. */
  path: string
  /** With its question mark, or empty. */
  search: string
  /** How its tokens are told; absent for a call that costs nothing. */
  api?: ModelApi
  /** The model, where the path has named it. Else the body does. */
  model?: string
  /** Whether the path itself asks for a stream. */
  isStreamed?: boolean
}

/** What a request to the gateway is for. */
export type Route =
  | CallRoute
  | { type: 'models'; wire: Wire }
  | { type: 'questions' }
  /** What the agent tells of its work. */
  | { type: 'progress' }
  | { type: 'plan' }
  | { type: 'mcp'; name: string }

/** The only calls that pass. `count_tokens` costs nothing; the others name how their tokens are told. */
const calls: Record<string, { wire: Wire; path: string; api?: ModelApi }> = {
  '/anthropic/v1/messages': { wire: 'anthropic', path: '/messages', api: 'messages' },
  '/anthropic/v1/messages/count_tokens': { wire: 'anthropic', path: '/messages/count_tokens' },
  '/openai/v1/responses': { wire: 'openai', path: '/responses', api: 'responses' },
  '/openai/v1/chat/completions': {
    wire: 'openai',
    path: '/chat/completions',
    api: 'chat_completions',
  },
}

/** Clients add a version of their own; the upstream's is that of its base URL. */
const geminiCall =
  /^\/gemini\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/

const prefix = '/s/'

/** The path of a request in a box begins with `/s/` and its session's token. Undefined: it leads nowhere. */
export function findRoute(
  method: string | undefined,
  target: string | undefined,
  token: Buffer,
): Route | undefined {
  const { given, path, search } = partsOf(target ?? '')
  if (!isSame(Buffer.from(given), token)) return undefined
  const call = method === 'POST' && Object.hasOwn(calls, path) ? calls[path] : undefined
  if (call !== undefined) return { type: 'call', search, ...call }
  const [, mcpServer] = /^\/mcp\/([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(path) ?? []
  if (mcpServer !== undefined) return { type: 'mcp', name: mcpServer }
  if (method === 'GET') {
    const wire = /^\/(?:(anthropic|openai)\/v1|(gemini)\/v1(?:beta)?)\/models$/.exec(path)
    const [, one, other = one] = wire ?? []
    // What the pattern lets through is one of the three.
    return other === undefined ? undefined : { type: 'models', wire: other as Wire }
  }
  if (method !== 'POST') return undefined
  if (path === '/questions') return { type: 'questions' }
  if (path === '/progress') return { type: 'progress' }
  if (path === '/plan') return { type: 'plan' }
  return findGeminiCall(path, search)
}

function findGeminiCall(path: string, search: string): CallRoute | undefined {
  const [, name, operation] = geminiCall.exec(path) ?? []
  const model = name === undefined ? undefined : decode(name)
  if (model === undefined || operation === undefined) return undefined
  return {
    type: 'call',
    wire: 'gemini',
    path: `/models/{model}:${operation}`,
    search: formatOf(search),
    model,
    isStreamed: operation === 'streamGenerateContent',
    ...(operation === 'countTokens' ? {} : { api: 'generate_content' }),
  }
}

/**
 * Only how the answer is written: of Google's system parameters (https://cloud.google.com/apis/docs/system-parameters)
 * some say who asks, and some leave the count of tokens out of the answer.
 */
function formatOf(search: string): string {
  const [format] = search
    .slice(1)
    .split('&')
    .filter((part) => /^alt=(sse|json)$/.test(part))
  return format === undefined ? '' : `?${format}`
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const nowhere = { given: '', path: '', search: '' }

/** The token a request gives, and the path and the query behind it. */
function partsOf(target: string): typeof nowhere {
  const tokenEnd = target.indexOf('/', prefix.length)
  if (!target.startsWith(prefix) || tokenEnd === -1 || target.includes('#')) return nowhere
  const searchStart = target.indexOf('?')
  const pathEnd = searchStart === -1 ? target.length : searchStart
  if (pathEnd < tokenEnd) return nowhere
  return {
    given: target.slice(prefix.length, tokenEnd),
    path: target.slice(tokenEnd, pathEnd),
    search: target.slice(pathEnd),
  }
}

function isSame(given: Buffer, token: Buffer): boolean {
  return given.length === token.length && timingSafeEqual(given, token)
}
