import { setTimeout as delay } from 'node:timers/promises'

import { Octokit } from '@octokit/core'
import { z } from 'zod'

import { SessionFailed } from './failures.ts'

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
   * Sends a request, again when the forge is away for a moment. For requests that may be sent twice.
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
      for (let attempt = 0; ; attempt += 1) {
        try {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)])
          const request = { signal: limit }
          const answer = await octokit.request(route, { ...parameters, headers, request })
          return answer.data
        } catch (error) {
          signal.throwIfAborted()
          const status = statusOf(error)
          if (status === 401) throw noLongerAccepted(of, error)
          if (status !== undefined && status < 500) {
            throw new ForgeRefused(route, status, reasonOf(error, secret), error)
          }
          const pauseMs = pausesMs[attempt]
          if (pauseMs === undefined) {
            const message = `The forge at ${options.webUrl} did not answer${status === undefined ? '' : ` but with status ${status}`}.`
            throw new SessionFailed('forge_unreachable', message, error)
          }
          await delay(pauseMs, undefined, { signal }).catch(() => undefined)
          signal.throwIfAborted()
        }
      }
    },
  }
}

function noLongerAccepted(of: string, cause: unknown): SessionFailed {
  const message = `The forge does not accept the token of ${of}: it has expired or was revoked.`
  return new SessionFailed('credential_refused', message, cause)
}

const OctokitError = z.object({
  status: z.number(),
  response: z
    .object({
      data: z.object({
        message: z.string().optional(),
        errors: z.array(z.object({ message: z.string().optional() })).optional(),
      }),
    })
    .optional()
    .catch(undefined),
})

/** Undefined when there was no answer. Octokit gives 500 to failures of its own, without a response. */
function statusOf(error: unknown): number | undefined {
  const parsed = OctokitError.safeParse(error)
  return parsed.success && hasResponse(error) ? parsed.data.status : undefined
}

function hasResponse(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'response' in error &&
    error.response !== undefined
  )
}

/** Whatever the forge says, it is shown to users: not the token, should it be told back. */
function reasonOf(error: unknown, secret: string): string {
  const parsed = OctokitError.safeParse(error)
  const body = parsed.success ? parsed.data.response?.data : undefined
  const details = (body?.errors ?? []).map(({ message }) => message).filter(Boolean)
  const reason = [body?.message, ...details].filter(Boolean).join(': ')
  return reason.replaceAll(secret, '[token]').slice(0, 500) || 'no reason given'
}
