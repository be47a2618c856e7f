import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ErrandError } from '@errand/contract'

/** A request as it came in: signatures are over its very bytes. */
export interface SignedRequest {
  headers: IncomingHttpHeaders
  body: Buffer
}

/** How far the sender's clock may be away, and how long a captured request can be sent again. */
const toleranceSeconds = 300

/**
 * Port: HMAC-SHA256 over `timestamp.body`, in base64 after `v1,`, with Port's client secret as the key
 * (docs.port.io, "Validate webhook signatures").
 *
 * @throws ErrandError bad_credentials
 */
export function requirePortSignature(
  request: SignedRequest,
  secret: string,
  nowMs = Date.now(),
): void {
  const timestamp = headerOf(request, 'x-port-timestamp')
  requireRecent(timestamp, nowMs)
  const expected = hmac(Buffer.from(secret), `${timestamp}.`, request.body)
  requireOneOf(versionOne(headerOf(request, 'x-port-signature')), expected)
}

/**
 * The Standard Webhooks specification: as Port's, over `id.timestamp.body`, with a key that may be
 * given as `whsec_` and base64, and several signatures while a key is changed.
 *
 * @throws ErrandError bad_credentials
 */
export function requireStandardSignature(
  request: SignedRequest,
  secret: string,
  nowMs = Date.now(),
): void {
  const id = headerOf(request, 'webhook-id')
  const timestamp = headerOf(request, 'webhook-timestamp')
  requireRecent(timestamp, nowMs)
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret)
  const expected = hmac(key, `${id}.${timestamp}.`, request.body)
  requireOneOf(versionOne(headerOf(request, 'webhook-signature')), expected)
}

/**
 * GitHub's `X-Hub-Signature-256`: HMAC-SHA256 over the body alone, in hexadecimal. It says nothing of
 * when it was made. Jira and other senders that follow WebSub call the same `X-Hub-Signature`.
 *
 * @throws ErrandError bad_credentials
 */
export function requireGitHubSignature(request: SignedRequest, secret: string): void {
  const name = 'x-hub-signature-256' in request.headers ? 'x-hub-signature-256' : 'x-hub-signature'
  const [, given = ''] = /^sha256=([0-9a-f]{64})$/.exec(headerOf(request, name)) ?? []
  requireOneOf([Buffer.from(given, 'hex')], hmac(Buffer.from(secret), '', request.body))
}

function headerOf({ headers }: SignedRequest, name: string): string {
  const value = headers[name]
  if (typeof value === 'string' && value !== '') return value
  throw refusal(`The header ${name} is missing`)
}

function requireRecent(timestamp: string, nowMs: number): void {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  if (Math.abs(nowMs / 1000 - seconds) <= toleranceSeconds) return
  throw refusal(
    `The timestamp of the signature is more than ${toleranceSeconds} seconds away from this server's clock`,
  )
}

function hmac(key: Buffer, before: string, body: Buffer): Buffer {
  return createHmac('sha256', key).update(before).update(body).digest()
}

/** `v1,BASE64` once or more, parted by blanks; other versions are somebody else's business. */
function versionOne(header: string): Buffer[] {
  return header
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .slice(0, 10)
    .map((part) => Buffer.from(part.slice('v1,'.length), 'base64'))
}

function requireOneOf(given: Buffer[], expected: Buffer): void {
  const isRight = given.some(
    (signature) => signature.length === expected.length && timingSafeEqual(signature, expected),
  )
  if (!isRight) throw refusal('The signature is not that of the secret')
}

function refusal(message: string): ErrandError {
  return new ErrandError('bad_credentials', { message })
}
