import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { upstreamKey, useGateway } from '../testing/gateway-stage.ts'

const price = { input: 1, output: 1 }
const stage = useGateway((url) => ({
  upstreams: {
    one: { wire: 'anthropic', base_url: `${url}/one`, api_key_env: 'KEY' },
    two: { wire: 'anthropic', base_url: `${url}/two`, api_key_env: 'KEY', max_retries: 0 },
    keyless: { wire: 'anthropic', base_url: `${url}/keyless`, api_key_file: '/nonexistent/key' },
  },
  models: [
    { id: 'no-key', upstream: 'keyless', price, fallbacks: [{ upstream: 'one' }] },
    {
      id: 'm',
      upstream: 'one',
      price,
      fallbacks: [{ upstream: 'two', name: 'm-at-two', price: { input: 3, output: 3 } }],
    },
  ],
}))
const { open, post, usage } = stage

const path = '/anthropic/v1/messages'
const said = JSON.stringify({ type: 'message', usage: { input_tokens: 10, output_tokens: 10 } })
const inTurn = (answers: ((response: ServerResponse) => void)[]) => {
  stage.answer = (response) => answers.shift()?.(response)
}
const fail =
  (status: number, headers = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, headers).end(`failed with ${status}`)
const succeed = (response: ServerResponse): void => void response.end(said)
const asked = () => stage.calls.map(({ url }) => url?.split('/')[1])

describe('an upstream that has too much to do', () => {
  it('is asked again, as long after as it says, and nobody notices', async () => {
    await open('m')
    inTurn([fail(529, { 'retry-after': '7' }), fail(429, { 'retry-after-ms': '30' }), succeed])

    const { status, text } = await post(path, { model: 'm' })

    expect([status, text]).toEqual([200, said])
    expect(stage.pauses).toEqual([7000, 30])
    expect(asked()).toEqual(['one', 'one', 'one'])
    expect(stage.gateway.modelFailure).toBeUndefined()
  })

  it('gives way to the next that serves the model, under its name there and at its price', async () => {
    await open('m')
    const { store } = stage.testRun.test
    const nano = async () =>
      (await store.db.selectFrom('usage').select('nano').executeTakeFirst())?.nano ?? 0
    const before = await nano()
    inTurn([fail(500), fail(503), fail(503), succeed])

    const { status } = await post(path, { model: 'm' })
    const counted = (await usage()).at(-1)

    expect(status).toBe(200)
    expect(asked()).toEqual(['one', 'one', 'one', 'two'])
    expect(stage.calls[3]?.body.toString()).toBe('{"model":"m-at-two"}')
    expect(counted).toMatchObject({ model: 'm', input_tokens: 10 })
    expect((await nano()) - before).toBe(20 * 300_000)
  })

  it('whose key is not there gives way as well', async () => {
    await open('no-key')
    inTurn([succeed])

    expect((await post(path, { model: 'no-key' })).status).toBe(200)
    expect(asked()).toEqual(['one'])
  })

  it('that wants to be left alone for long is not waited for', async () => {
    await open('m')
    inTurn([fail(429, { 'retry-after': '3600' }), succeed])

    expect((await post(path, { model: 'm' })).status).toBe(200)
    expect([asked(), stage.pauses]).toEqual([['one', 'two'], []])
  })

  it('is told of as the last one said it, where none answers', async () => {
    await open('m')
    inTurn([fail(500), fail(500), fail(500), fail(429, { 'retry-after': '9', 'request-id': 'r' })])

    const { status, headers, text } = await post(path, { model: 'm' })

    expect([status, text]).toEqual([429, 'failed with 429'])
    expect(headers).toMatchObject({ 'retry-after': '9', 'request-id': 'r' })
  })

  it('is left alone after three failures: the next request goes on at once', async () => {
    await open('m')
    inTurn([fail(500), fail(500), fail(500), succeed, succeed])

    await post(path, { model: 'm' })
    await post(path, { model: 'm' })

    expect(asked()).toEqual(['one', 'one', 'one', 'two', 'two'])
  })
})

it.each([400, 401, 403, 404, 413, 422])('a refusal with %i is not repeated', async (status) => {
  await open('m')
  inTurn([fail(status)])

  expect((await post(path, { model: 'm' })).status).toBe(status)
  expect(stage.calls).toHaveLength(1)
})

it('an upstream that cannot be reached gives way as well', async () => {
  const one = { wire: 'anthropic', base_url: 'http://127.0.0.1:9', max_retries: 1 }
  const { two } = stage.testRun.test.settings.upstreams
  await open('m', { settings: { upstreams: { one, two } } })
  stage.answer = succeed

  expect((await post(path, { model: 'm' })).status).toBe(200)
  expect([asked(), stage.pauses.length]).toEqual([['two'], 1])
})

it('an upstream that goes away without an answer gives way, and an answer that has begun does not', async () => {
  await open('m')
  stage.answer = (response, { url }) =>
    url?.startsWith('/one') === true ? void response.destroy() : succeed(response)
  expect((await post(path, { model: 'm' })).status).toBe(200)
  expect(new Set(asked())).toEqual(new Set(['one', 'two']))

  await open('m')
  stage.calls = []
  inTurn([(response) => void response.write('{"ty', () => response.destroy())])
  await expect(post(path, { model: 'm' })).rejects.toThrow()
  expect(stage.calls).toHaveLength(1)
})

describe('the key of an upstream', () => {
  it('is read again when it is refused, and the request sent once more', async () => {
    const file = join(stage.testRun.test.dataDir, 'key')
    await writeFile(file, 'old-key\n')
    const settings = (more: object) => ({
      upstreams: { one: { wire: 'anthropic', base_url: `${stage.upstreamUrl}/one`, ...more } },
    })
    stage.answer = (response, { headers }) =>
      headers['x-api-key'] === 'new-key' ? succeed(response) : fail(401)(response)
    const sources = [{ api_key_file: file }, { api_key_command: ['cat', file] }]

    for (const source of sources) {
      await writeFile(file, 'old-key\n')
      await open('m', { settings: settings(source) })
      expect((await post(path, { model: 'm' })).status).toBe(401)
      await writeFile(file, 'new-key\n')
      expect((await post(path, { model: 'm' })).status).toBe(200)
    }
    await rm(file)
  })

  it.each([
    ['a variable that is not set', { api_key_env: 'OTHER' }, /api_key_env.*OTHER is not set/],
    ['a file that is not there', { api_key_file: '/no/file' }, /api_key_file.*cannot be read/],
    ['a program that fails', { api_key_command: ['false'] }, /api_key_command.*false did not/],
    ['a program that prints none', { api_key_command: ['echo', 'a b'] }, /echo printed no key/],
  ])('in %s is missed clearly, and nothing is sent without it', async (_, source, message) => {
    const one = { wire: 'anthropic', base_url: `${stage.upstreamUrl}/one`, ...source }
    await open('m', { settings: { upstreams: { one } } })

    const { status, text } = await post(path, { model: 'm' })

    expect(status).toBe(500)
    expect(text).toMatch(message)
    expect(stage.gateway.modelFailure).toMatch(message)
    expect(stage.calls).toEqual([])
  })

  it('does not come back in an answer: not in its text, its headers, or a stream', async () => {
    await open('m')
    const encoded = Buffer.from(`key:${upstreamKey}`).toString('base64')
    inTurn([
      (response) =>
        response
          .writeHead(200, { 'x-echo': `got ${upstreamKey}`, 'content-type': 'application/json' })
          .end(JSON.stringify({ you: upstreamKey, sent: encoded })),
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const event = `data: {"text":"${upstreamKey}"}\n\n`
        response.write(event.slice(0, 20), () => response.end(event.slice(20)))
      },
    ])

    const whole = await post(path, { model: 'm' })
    const stream = await post(path, { model: 'm', stream: true })

    for (const { text, headers } of [whole, stream]) {
      expect(JSON.stringify(headers) + text).not.toContain(upstreamKey)
      expect(text).not.toContain(encoded.slice(8, -4))
      expect(text).toMatch(/\*{10}/)
    }
    expect(whole.headers['x-echo']).toMatch(/^got \*+$/)
  })
})

it('an answer that comes packed is counted, and passes unpacked', async () => {
  await open('m')
  stage.answer = (response) =>
    response
      .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' })
      .end(gzipSync(said))

  const { text, headers } = await post(path, { model: 'm' })

  expect(text).toBe(said)
  expect(headers).not.toHaveProperty('content-encoding')
  expect((await usage()).at(-1)).toMatchObject({ input_tokens: 10, output_tokens: 10 })
})
