import type { ServerResponse } from 'node:http'

import type { Wire } from './route.ts'

/** A request the gateway answers itself. */
export class GatewayRefusal extends Error {
  readonly status: number
  /** What clients know it by, in OpenAI's words. */
  readonly code: string | undefined

  constructor(status: number, message: string, cause?: unknown, code?: string) {
    super(message, { cause })
    this.name = 'GatewayRefusal'
    this.status = status
    this.code = code
  }
}

/**
 * OpenAI's code for an account that is used up: a client that knows it does not try again, as it would
 * at a rate limit with the same status.
 */
export const usedUpCode = 'insufficient_quota'

/** The agent went away before it had its answer: nobody hears what is said. */
export class AgentGone extends Error {
  override name = 'AgentGone'
  /** Whether an upstream may have the whole question already. */
  readonly isSent: boolean

  constructor(when: string, { isSent = false } = {}) {
    super(`The agent went away ${when}`)
    this.isSent = isSent
  }
}

const types: Record<number, string> = {
  401: 'authentication_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

/** https://cloud.google.com/apis/design/errors: the codes that stand beside HTTP's. */
const googleStatuses: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
}

/**
 * In Google's shape on Gemini's wire. Elsewhere one that clients of both wires read: Anthropic's, with the
 * members of OpenAI's beside.
 */
export function sendRefusal(response: ServerResponse, refusal: GatewayRefusal, wire?: Wire): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, message, code = null } = refusal
  if (wire === 'gemini') {
    const name = googleStatuses[status] ?? (status < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL')
    // https://google.aip.dev/193: where a reason stands.
    const details = code === null ? {} : { details: [{ reason: code }] }
    sendJson(response, status, { error: { code: status, message, status: name, ...details } })
    return
  }
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  const error = { type, message, code, param: null }
  sendJson(response, status, { type: 'error', error })
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
