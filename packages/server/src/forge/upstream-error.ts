import { ErrandError } from '@errand/contract'
import { z } from 'zod'
import { webUrlOf } from './web-url.ts'

const Body = z.object({ message: z.string() })
/** Longest sentence of the forge's that is passed on. */
const longestMessage = 300
/** What a client is told to wait where the forge does not say, and at most. */
const waitSeconds = { unknown: 60, most: 3600 }

/** What a forge refuses is passed on: it is about the caller's own token. */
export async function upstreamError(response: Response, apiUrl: string): Promise<ErrandError> {
  const message = messageOf(await response.text())
  if (response.status === 401) return new ErrandError('bad_credentials')
  if (response.status === 403) {
    return new ErrandError('forbidden', {
      ...(message === '' ? {} : { message }),
      headers: signOnOf(response, apiUrl),
    })
  }
  return new ErrandError('bad_upstream', {
    message: `The forge answered ${response.status}${message === '' ? '' : `: ${message}`}`,
  })
}

/**
 * A limit of the forge's is told as a secondary limit of this server's, with the time to wait: the headers
 * of the primary one would speak of a count that this server does not keep.
 */
export function limitedFor(seconds: number): ErrandError {
  return new ErrandError('secondary_rate_limited', {
    message: `The forge limits the requests of this token, which is a secondary rate limit here. Try again in ${seconds} seconds.`,
    headers: { 'retry-after': String(seconds) },
  })
}

/** Undefined where the answer is no limit: GitHub says so by 403 as well as by 429 (behaviour.md 2.4). */
export function secondsToWait({ status, headers }: Response, now = Date.now()): number | undefined {
  if (status !== 429 && status !== 403) return undefined
  const retryAfter = seconds(headers.get('retry-after'))
  const reset = seconds(headers.get('x-ratelimit-reset'))
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0'
  if (status === 403 && retryAfter === undefined && !isUsedUp) return undefined
  const untilReset = isUsedUp && reset !== undefined ? reset - Math.floor(now / 1000) : undefined
  const wanted = retryAfter ?? untilReset ?? waitSeconds.unknown
  return Math.min(Math.max(wanted, 1), waitSeconds.most)
}

function seconds(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/**
 * Where a user has to sign on before their token is good for an organization:
 * `required; url=https://github.com/orgs/acme/sso?...`. Only an address of the forge itself is let through.
 */
function signOnOf({ headers }: Response, apiUrl: string): Record<string, string> {
  const [, text = ''] = /^required;\s*url=(\S+)$/.exec(headers.get('x-github-sso') ?? '') ?? []
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || url.host !== new URL(webUrlOf(apiUrl)).host) return {}
  return { 'x-github-sso': `required; url=${url.href}` }
}

function messageOf(text: string): string {
  try {
    const body = Body.safeParse(JSON.parse(text))
    return body.success ? body.data.message.slice(0, longestMessage) : ''
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return ''
  }
}
