import type { ServerResponse } from 'node:http'

/** A request the gateway answers itself. */
export class GatewayRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'GatewayRefusal'
    this.status = status
  }
}

const types: Record<number, string> = {
  401: 'authentication_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

/** One shape that clients of both wires read: Anthropic's, with the members of OpenAI's beside. */
export function sendRefusal(response: ServerResponse, refusal: GatewayRefusal): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, message } = refusal
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  const error = { type, message, code: null, param: null }
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
