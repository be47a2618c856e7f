import { createHash } from 'node:crypto'
import { ErrandError } from '@errand/contract'
import type { z } from 'zod'
import { createMemory } from './memory.ts'
import { limitedFor, limitOf, upstreamError } from './upstream-error.ts'

/** An answer that may be asked for again: by its `ETag` it costs nothing where nothing has changed. */
export interface KnownAnswer {
  status: number
  headers: Headers
  text: string
}

/** A GitHub host's REST API, asked with whatever token is given. */
export interface Upstream {
  apiUrl: string
  /** @throws ErrandError secondary_rate_limited while the forge limits this token; bad_credentials, bad_upstream */
  ask: (token: string, path: string, init?: RequestInit) => Promise<Response>
  /**
   * A GET that is believed for a minute, and then revalidated. Only what was answered with 200 is
   * remembered, under the token's hash. With `asksAnew` it is revalidated now.
   *
   * @throws ErrandError as the forge refuses it; 404 and 401 are answers.
   */
  look: (token: string, path: string, asksAnew?: boolean) => Promise<KnownAnswer>
}

const requestTimeoutMs = 10_000

export function createUpstream(apiUrl: string, clock: () => number = Date.now): Upstream {
  const base = apiUrl.replace(/\/+$/, '')
  const remember = createMemory<KnownAnswer>(clock)
  const limitedUntil = new Map<string, number>()

  async function ask(token: string, path: string, init: RequestInit = {}): Promise<Response> {
    if (!isSendable(token)) throw new ErrandError('bad_credentials')
    const hash = hashOf(token)
    const ofResource = `${hash} ${resourceOf(path)}`
    // A client that goes on in spite of a limit is answered here: GitHub bans who insists.
    const until = Math.max(limitedUntil.get(hash) ?? 0, limitedUntil.get(ofResource) ?? 0)
    if (until > clock()) throw limitedFor(Math.ceil((until - clock()) / 1000))
    const response = await send(`${base}${path}`, token, init)
    const limit = await limitOf(response, clock())
    if (limit === undefined) return response
    if (limitedUntil.size > 10_000) limitedUntil.clear()
    const key = limit.isPrimary ? ofResource : hash
    limitedUntil.set(key, clock() + limit.waitSeconds * 1000)
    await response.body?.cancel()
    throw limitedFor(limit.waitSeconds)
  }

  return {
    apiUrl: base,
    ask,
    async look(token, path, asksAnew) {
      const revalidate = async (old: KnownAnswer | undefined) => {
        const etag = old?.headers.get('etag') ?? null
        const headers = etag === null ? {} : { 'if-none-match': etag }
        const response = await ask(token, path, { headers })
        if (response.status === 304 && old !== undefined) {
          return {
            value: { ...old, headers: renewed(old.headers, response.headers) },
            isKept: true,
          }
        }
        if (![200, 401, 404].includes(response.status)) throw await upstreamError(response, base)
        const { status } = response
        const value = { status, headers: response.headers, text: await response.text() }
        return { value, isKept: status === 200 }
      }
      return await remember(`${hashOf(token)} ${path}`, revalidate, asksAnew)
    },
  }
}

/** GitHub counts the hour of these apart: who has searched too much may still start tasks. */
function resourceOf(path: string): string {
  if (path.startsWith('/search/')) return 'search'
  return path.endsWith('/graphql') ? 'graphql' : 'core'
}

/** What a 304 says anew: a token's scopes and end may have changed where its user has not. */
function renewed(old: Headers, now: Headers): Headers {
  const headers = new Headers(old)
  for (const [name, value] of now) headers.set(name, value)
  return headers
}

async function send(url: string, token: string, init: RequestInit): Promise<Response> {
  const headers = new Headers({
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'errand',
    'x-github-api-version': '2022-11-28',
  })
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
  try {
    const signal = AbortSignal.timeout(requestTimeoutMs)
    return await fetch(url, { ...init, headers, signal })
  } catch (cause) {
    throw new ErrandError('bad_upstream', { message: 'The forge cannot be reached', cause })
  }
}

/** True for 2xx, false for 404; anything else is the forge's failure. */
export async function isFound({ apiUrl }: Upstream, response: Response): Promise<boolean> {
  if (response.ok) return true
  if (response.status === 404) return false
  throw await upstreamError(response, apiUrl)
}

export async function readJson<T extends z.ZodType>(
  { apiUrl }: Upstream,
  response: Response,
  schema: T,
): Promise<z.infer<T>> {
  if (!response.ok) throw await upstreamError(response, apiUrl)
  return parseAnswer(await response.text(), schema)
}

/** @throws ErrandError bad_upstream for what is not as GitHub documents it. */
export function parseAnswer<T extends z.ZodType>(text: string, schema: T): z.infer<T> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw new ErrandError('bad_upstream', { cause })
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new ErrandError('bad_upstream', { cause: parsed.error })
}

/**
 * Whether a header can hold the token. What cannot is no token of anybody's, and must not get as far as `Headers`,
 * whose error quotes it.
 */
export function isSendable(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token)
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A part of a path. */
export const segment = encodeURIComponent
