import { ErrandError } from '@errand/contract'
import { z } from 'zod'
import { webUrlOf } from './web-url.ts'

const Body = z.object({ message: z.string() })
/** Longest sentence of the forge's that is passed on. */
const longestMessage = 300
/** What a client is told to wait where the forge does not say, and at most, in seconds. */
const unknownWait = 60
const longestWait = 3600

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

/** A limit that the forge has set a token. */
export interface UpstreamLimit {
  waitSeconds: number
  /** The hour's requests of this kind are used up. Otherwise the token is to wait with everything. */
  isPrimary: boolean
}

/**
 * The limit an answer tells of, if any: GitHub says so by 403 as well as by 429, and of a secondary one at times
 * in the message alone (behaviour.md 2.4). The answer's body stays to be read.
 */
export async function limitOf(
  response: Response,
  now = Date.now(),
): Promise<UpstreamLimit | undefined> {
  const { status, headers } = response
  if (status !== 429 && status !== 403) return undefined
  const retryAfter = seconds(headers.get('retry-after'))
  if (retryAfter !== undefined) return { waitSeconds: bounded(retryAfter), isPrimary: false }
  if (headers.get('x-ratelimit-remaining') === '0') {
    const reset = seconds(headers.get('x-ratelimit-reset'))
    const untilReset = reset === undefined ? unknownWait : reset - Math.floor(now / 1000)
    return { waitSeconds: bounded(untilReset), isPrimary: true }
  }
  if (status === 403 && !isSecondary.test(messageOf(await response.clone().text()))) {
    return undefined
  }
  return { waitSeconds: unknownWait, isPrimary: false }
}

/** As Octokit's throttling knows them; the second is what GitHub said until 2022. */
const isSecondary = /\bsecondary rate\b|\babuse detection\b/i

function bounded(wanted: number): number {
  return Math.min(Math.max(wanted, 1), longestWait)
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
