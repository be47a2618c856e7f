import { setTimeout as delay } from 'node:timers/promises'

import { Octokit } from '@octokit/core'

import { SessionFailed } from './failures.ts'
import { limitMsOf, reasonOf, statusOf } from './forge-refusal.ts'

/** A token, and whose it is: for a message about it. */
export interface TokenSource {
  secret: string
  of: string
}

/** The forge as a session reaches it: GitHub's REST API, and git over HTTP at `webUrl`. */
export interface ForgeClient {
  webUrl: string
  /** @throws SessionFailed credential_missing */
  token(signal: AbortSignal): Promise<TokenSource>
  /**
   * Sends a request, again when the forge is away for a moment or limits how often it is asked. For requests
   * that may be sent twice.
   *
   * @throws ForgeRefused with the forge's status; `SessionFailed` credential_refused for 401,
   *   forge_unreachable after that
   */
  request(route: string, parameters: Record<string, unknown>, signal: AbortSignal): Promise<unknown>
}

/** The forge answered, and said no. */
export class ForgeRefused extends Error {
  readonly status: number
  /** What it said: a sentence for people. */
  readonly reason: string

  constructor(route: string, status: number, reason: string, cause: unknown) {
    super(`${route} was answered with ${status}: ${reason}`, { cause })
    this.name = 'ForgeRefused'
    this.status = status
    this.reason = reason
  }
}

const requestTimeoutMs = 30_000
const pausesMs = [500, 2000, 5000]
/** How long one request waits for the forge's limits to pass: the work it is for is done already. */
const longestLimitMs = 900_000

export function createForgeClient(options: {
  apiUrl: string
  webUrl: string
  token: ForgeClient['token']
}): ForgeClient {
  const octokit = new Octokit({
    baseUrl: options.apiUrl.replace(/\/+$/, ''),
    userAgent: 'errand-runner',
    // What it logs are deprecations, for developers; failures are thrown.
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  return {
    webUrl: options.webUrl,
    token: options.token,
    async request(route, parameters, signal) {
      const { secret, of } = await options.token(signal)
      const headers = { authorization: `token ${secret}` }
      let waitedMs = 0
      for (let attempt = 0; ;) {
        try {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)])
          const request = { signal: limit }
          const answer = await octokit.request(route, { ...parameters, headers, request })
          return answer.data
        } catch (error) {
          signal.throwIfAborted()
          const status = statusOf(error)
          if (status === 401) throw noLongerAccepted(of, error)
          const limitMs = limitMsOf(error)
          if (limitMs !== undefined && waitedMs + limitMs <= longestLimitMs) {
            waitedMs += limitMs
            await pause(limitMs, signal)
            continue
          }
          if (status !== undefined && status < 500) {
            throw new ForgeRefused(route, status, reasonOf(error, secret), error)
          }
          const pauseMs = pausesMs[attempt]
          if (pauseMs === undefined) {
            const message = `The forge at ${options.webUrl} did not answer${status === undefined ? '' : ` but with status ${status}`}.`
            throw new SessionFailed('forge_unreachable', message, error)
          }
          await pause(pauseMs, signal)
          attempt += 1
        }
      }
    },
  }
}

/** @throws the signal's reason */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
  signal.throwIfAborted()
}

function noLongerAccepted(of: string, cause: unknown): SessionFailed {
  const message = `The forge does not accept the token of ${of}: it has expired or was revoked.`
  return new SessionFailed('credential_refused', message, cause)
}
