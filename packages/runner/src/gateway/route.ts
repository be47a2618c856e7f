import { timingSafeEqual } from 'node:crypto'

import type { Upstream } from '@errand/contract'

import type { ModelApi } from './token-count.ts'

export type Wire = Upstream['wire']

/** What a request to the gateway is for. */
export type Route =
  | { type: 'call'; wire: Wire; path: string; search: string; api?: ModelApi }
  | { type: 'models'; wire: Wire }
  | { type: 'questions' }

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

/** The path of a request in a box begins with `/s/` and its session's token. Undefined: it leads nowhere. */
export function findRoute(
  method: string | undefined,
  target: string | undefined,
  token: string,
): Route | undefined {
  const [, given = '', path = '', search = ''] =
    /^\/s\/([^/?#]+)(\/[^?#]*)(\?[^#]*)?$/.exec(target ?? '') ?? []
  if (!isSame(given, token)) return undefined
  if (method === 'GET') {
    const wire = /^\/(anthropic|openai)\/v1\/models$/.exec(path)?.[1]
    // What the pattern lets through is one of the two.
    return wire === undefined ? undefined : { type: 'models', wire: wire as Wire }
  }
  if (method !== 'POST') return undefined
  if (path === '/questions') return { type: 'questions' }
  const call = Object.hasOwn(calls, path) ? calls[path] : undefined
  return call === undefined ? undefined : { type: 'call', search, ...call }
}

function isSame(given: string, token: string): boolean {
  const [one, two] = [Buffer.from(given), Buffer.from(token)]
  return one.length === two.length && timingSafeEqual(one, two)
}
