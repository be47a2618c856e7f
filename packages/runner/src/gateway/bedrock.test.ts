import { createHash, createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'

import { EventStreamCodec } from '@smithy/core/event-streams'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { upstreamKey, type UpstreamCall, useGateway } from '../testing/gateway-stage.ts'
import { eventsOfBedrock } from './upstreams/bedrock-answer.ts'

const model = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const stage = useGateway((url) => {
  const bedrock = { kind: 'bedrock', wire: 'anthropic', base_url: url, region: 'eu-west-3' }
  return {
    upstreams: { 'by-key': { ...bedrock, api_key_env: 'KEY' }, signed: bedrock },
    models: ['by-key', 'signed'].map((id) => ({ id, upstream: id, name: model })),
  }
})
const { open, post, usage } = stage

const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: 'a-token-of-a-session',
}
const before = { ...process.env }
beforeAll(() => void Object.assign(process.env, credentials))
afterAll(() => {
  for (const name of Object.keys(credentials)) delete process.env[name]
  Object.assign(process.env, before)
})

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
)

function frame(headers: Record<string, string>, body: unknown): Buffer {
  const typed = Object.entries(headers).map(([name, value]) => [
    `:${name}`,
    { type: 'string' as const, value },
  ])
  const message = { headers: Object.fromEntries(typed), body: Buffer.from(JSON.stringify(body)) }
  return Buffer.from(codec.encode(message))
}

/** As Bedrock frames one event of Anthropic's wire. */
function chunk(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64')
  return frame({ 'message-type': 'event', 'event-type': 'chunk' }, { bytes, p: 'abc' })
}

const events = [
  {
    type: 'message_start',
    message: { model: 'claude-sonnet-4-5', usage: { input_tokens: 11, output_tokens: 1 } },
  },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße\n\n' } },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
]

function answerWith(...parts: Buffer[]) {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })
    for (const part of parts) response.write(part)
    response.end()
  }
}

const asked = { model: 'signed', max_tokens: 5, messages: [], anthropic_version: 'mine' }

describe('Bedrock', () => {
  it('is asked for the model in its path, with what headers say elsewhere in the body', async () => {
    await open('by-key')
    const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'one, two' }

    await post('/anthropic/v1/messages', { ...asked, model: 'by-key' }, { headers })

    const [call] = stage.calls
    expect(call?.url).toBe(`/model/${encodeURIComponent(model)}/invoke`)
    expect(JSON.parse(String(call?.body))).toEqual({
      max_tokens: 5,
      messages: [],
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['one', 'two'],
    })
    expect(call?.headers).toMatchObject({ authorization: `Bearer ${upstreamKey}` })
    expect(JSON.stringify(call?.headers)).not.toMatch(/anthropic-/)
  })

  it('gets requests signed with the credentials of AWS where there is no key', async () => {
    await open('signed')

    await post('/anthropic/v1/messages', asked)

    const [call] = stage.calls
    expect(call?.headers['x-amz-security-token']).toBe(credentials.AWS_SESSION_TOKEN)
    expect(call?.headers.authorization).toBe(call && authorizationOf(call))
    expect(JSON.stringify(call)).not.toContain(credentials.AWS_SECRET_ACCESS_KEY)
  })

  it('answers a stream with the events of Anthropic’s wire, which are counted', async () => {
    await open('signed')
    stage.answer = answerWith(...events.map(chunk))

    const { headers, text } = await post('/anthropic/v1/messages', { ...asked, stream: true })

    expect(stage.calls[0]?.url).toMatch(/invoke-with-response-stream$/)
    expect(headers['content-type']).toBe('text/event-stream')
    expect(text).toBe(asEvents(events))
    expect((await usage()).at(-1)).toMatchObject({ input_tokens: 11, output_tokens: 7 })
  })

  it('tells of what goes wrong within a stream as an error of that wire', async () => {
    await open('signed')
    const wrong = { 'message-type': 'exception', 'exception-type': 'throttlingException' }
    stage.answer = answerWith(chunk(events[0]!), frame(wrong, { message: 'Too many' }))

    const { text } = await post('/anthropic/v1/messages', { ...asked, stream: true })

    const error = { type: 'rate_limit_error', message: 'throttlingException: Too many' }
    expect(text).toBe(asEvents([events[0]!, { type: 'error', error }]))
  })

  it.each([
    ['a message whose sum is wrong', () => spoilt(chunk(events[1]!))],
    ['a message without end', () => Buffer.from('7fffffff0000000000000000', 'hex')],
    ['an event that is no JSON', () => frame({ 'message-type': 'event' }, { bytes: 'AAAA' })],
  ])('cuts off %s', async (_name, made) => {
    await open('signed')
    stage.answer = answerWith(chunk(events[0]!), made(), chunk(events[3]!))

    const answer = post('/anthropic/v1/messages', { ...asked, stream: true })

    await expect(answer).rejects.toThrow(/aborted|socket hang up/)
    expect((await usage()).at(-1)).toMatchObject({ input_tokens: 11 })
  })

  it('counts tokens by an operation of its own', async () => {
    await open('signed')
    stage.answer = (response) => response.end('{"inputTokens":42}')

    const { text } = await post('/anthropic/v1/messages/count_tokens', { ...asked, stream: true })

    expect(JSON.parse(text)).toEqual({ input_tokens: 42 })
    const [call] = stage.calls
    expect(call?.url).toMatch(/count-tokens$/)
    const { input } = JSON.parse(String(call?.body)) as { input: { invokeModel: { body: string } } }
    expect(JSON.parse(Buffer.from(input.invokeModel.body, 'base64').toString())).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 1,
      messages: [],
    })
  })

  it('has its refusals passed on as they come, without the credentials', async () => {
    await open('signed')
    const { AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = credentials
    stage.answer = (response) => {
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: `not ${secret} with ${token}` }))
    }

    const { status, text } = await post('/anthropic/v1/messages', asked)

    expect([status, text]).toEqual([
      403,
      `{"message":"not ${'*'.repeat(secret.length)} with ${'*'.repeat(token.length)}"}`,
    ])
  })
})

it('a stream is the same events, wherever it is cut', () => {
  const whole = Buffer.concat(events.map(chunk))
  const cuts = fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 20 })
  fc.assert(
    fc.property(cuts, (places) => {
      const { step } = eventsOfBedrock()
      const edges = [0, ...places.toSorted((a, b) => a - b), whole.length]
      const parts = edges.slice(1).map((end, index) => step.push(whole.subarray(edges[index], end)))
      expect(Buffer.concat([...parts, step.end()]).toString()).toBe(asEvents(events))
    }),
  )
})

function asEvents(of: readonly { type: string; [field: string]: unknown }[]): string {
  return of.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

function spoilt(message: Buffer): Buffer {
  const copy = Buffer.from(message)
  const last = copy.length - 1
  copy.writeUInt8(copy.readUInt8(last) ^ 1, last)
  return copy
}

/**
 * What a request must be signed with, worked out as AWS describes it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function authorizationOf({ url = '', headers, body }: UpstreamCall): string {
  const time = String(headers['x-amz-date'])
  const scope = `${time.slice(0, 8)}/eu-west-3/bedrock/aws4_request`
  const names = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']
  const request = [
    'POST',
    // Encoded once more than it is sent.
    url.split('/').map(encodeURIComponent).join('/'),
    '',
    ...names.map((name) => `${name}:${String(headers[name])}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')
  const key = scope
    .split('/')
    .reduce<Buffer>(
      (made, part) => createHmac('sha256', made).update(part).digest(),
      Buffer.from(`AWS4${credentials.AWS_SECRET_ACCESS_KEY}`),
    )
  const signature = createHmac('sha256', key).update(toSign).digest('hex')
  return `AWS4-HMAC-SHA256 Credential=${credentials.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}
