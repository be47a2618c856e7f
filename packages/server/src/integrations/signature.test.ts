import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  requireGitHubSignature,
  requirePortSignature,
  requireStandardSignature,
} from './signature.ts'

const refused = expect.objectContaining({ errorName: 'bad_credentials' })

function thrownBy(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('the Standard Webhooks signature', () => {
  // The example that the specification's libraries are tested with.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = Buffer.from('{"test": 2432232314}')
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const nowMs = 1_614_265_330_000

  it.each([
    ['as it is', {}],
    [
      'as one of several, while a key is changed',
      { 'webhook-signature': `v1,${'A'.repeat(44)} ${headers['webhook-signature']} v1a,xx` },
    ],
  ])('is taken %s', (_, changed) => {
    const request = { headers: { ...headers, ...changed }, body }

    expect(() => requireStandardSignature(request, secret, nowMs)).not.toThrow()
  })

  it.each([
    ['another id', { headers: { ...headers, 'webhook-id': 'msg_other' }, body }],
    ['another body', { headers, body: Buffer.from('{"test": 2432232315}') }],
    ['no signature', { headers: { ...headers, 'webhook-signature': '' }, body }],
    ['an asymmetric one', { headers: { ...headers, 'webhook-signature': 'v1a,AAAA' }, body }],
    ['no id', { headers: { ...headers, 'webhook-id': undefined }, body }],
  ])('is refused with %s', (_, request) => {
    expect(thrownBy(() => requireStandardSignature(request, secret, nowMs))).toEqual(refused)
  })

  it.each([
    [299, false],
    [301, true],
    [-301, true],
  ])('%i seconds later is refused: %s', (seconds, isRefused) => {
    const error = thrownBy(() =>
      requireStandardSignature({ headers, body }, secret, nowMs + seconds * 1000),
    )

    expect(error !== undefined).toBe(isRefused)
  })
})

describe("Port's signature", () => {
  const body = Buffer.from('{"run_id":"r_1"}')
  const sign = (timestamp: string, secret = 's') =>
    `v1,${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('base64')}`
  const of = (timestamp: string, signature = sign(timestamp)) => ({
    headers: { 'x-port-timestamp': timestamp, 'x-port-signature': signature },
    body,
  })

  it('is over time and body', () => {
    expect(() => requirePortSignature(of('1700000000'), 's', 1_700_000_000_000)).not.toThrow()
  })

  it.each([
    ['of another secret', of('1700000000', sign('1700000000', 'other'))],
    ['of another time', of('1700000001', sign('1700000000'))],
    ['with a time in milliseconds', of('1700000000000')],
    ['with a time that is no number', of('NaN')],
    ['with a time in a notation of its own', of('17e8')],
    ['without a version', of('1700000000', sign('1700000000').slice(3))],
    ['that is empty', of('1700000000', 'v1,')],
  ])('%s is refused', (_, request) => {
    expect(thrownBy(() => requirePortSignature(request, 's', 1_700_000_000_000))).toEqual(refused)
  })
})

describe("GitHub's signature", () => {
  // From GitHub's documentation, "Validating webhook deliveries".
  const body = Buffer.from('Hello, World!')
  const secret = "It's a Secret to Everybody"
  const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'

  it.each(['x-hub-signature-256', 'x-hub-signature'])('is taken in %s', (name) => {
    const headers = { [name]: `sha256=${hex}` }

    expect(() => requireGitHubSignature({ headers, body }, secret)).not.toThrow()
  })

  it.each([`sha1=${hex}`, hex, `sha256=${hex.slice(2)}`, `sha256=${hex.replace('7', '8')}`])(
    '%s is refused',
    (signature) => {
      const headers = { 'x-hub-signature-256': signature }

      expect(thrownBy(() => requireGitHubSignature({ headers, body }, secret))).toEqual(refused)
    },
  )
})
