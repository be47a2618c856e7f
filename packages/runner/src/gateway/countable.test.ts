import { request } from 'node:http'

import { describe, expect, it, onTestFinished } from 'vitest'

import { useGateway } from '../testing/gateway-stage.ts'

const stage = useGateway((url) => ({
  upstreams: { up: { wire: 'openai', base_url: `${url}/v1`, api_key_env: 'KEY' } },
  models: [{ id: 'small', upstream: 'up', price: { input: 10, output: 10 }, context_window: 1000 }],
}))
const { open, post } = stage
const chat = '/openai/v1/chat/completions'
const responses = '/openai/v1/responses'

describe('what would not be counted, or not at its price, is refused', () => {
  it.each([
    ['an answer that is made in the background', responses, '"background":true', 'background'],
    ['one that is made there in other words', responses, '"background":"yes"', 'background'],
    ['a dearer service', chat, '"service_tier":"priority"', 'service_tier'],
    ['a dearer service in the words of Google', chat, '"serviceTier":"priority"', 'serviceTier'],
    ['a dearer speed', responses, '"speed":"fast"', 'speed'],
    ['another model, for servers that read names in any case', chat, '"Model":"huge"', 'model'],
    ['a stream that says so in capitals', chat, '"STREAM":true', 'stream'],
    ['a stream that is a word', chat, '"stream":"true"', 'stream'],
    ['a hundred answers at once', chat, '"n":100', 'n'],
    ['a list of models to choose from', chat, '"models":["huge"]', 'models'],
    ['one that is asked instead', chat, '"fallbacks":[{"model":"huge"}]', 'fallbacks'],
    [
      'a tool that asks another model',
      responses,
      '"tools":[{"model":"huge"}]',
      'tools\\[\\].model',
    ],
  ])('%s', async (_name, path, member, named) => {
    await open('small')

    const { status, text } = await post(path, `{"model":"small",${member}}`)

    expect([status, stage.calls]).toEqual([400, []])
    const { error } = JSON.parse(text) as { error: { message: string } }
    expect(error.message).toMatch(new RegExp(`^${named} `))
  })

  it('and what says the usual of all these passes as it came', async () => {
    await open('small')
    const body =
      '{"model":"small","background":false,"service_tier":"auto","speed":null,"n":1,"stream":null}'

    expect((await post(chat, body)).status).toBe(200)
    expect(stage.calls[0]?.body.toString()).toBe(body)
  })

  it('headers that ask a cloud for a dearer service stay behind', async () => {
    await open('small')
    const headers = {
      'x-amzn-bedrock-service-tier': 'priority',
      'x-vertex-ai-llm-shared-request-type': 'priority',
    }

    await post(chat, { model: 'small' }, { headers })

    expect(JSON.stringify(stage.calls[0]?.headers)).not.toContain('priority')
  })
})

it('no more is reserved than the model can write, and as much as the bytes that were sent may be', async () => {
  await open('small')
  const answer = Promise.withResolvers<void>()
  stage.answer = (response) => void answer.promise.then(() => response.end('{}'))
  const body = JSON.stringify({
    model: 'small',
    messages: [{ role: 'user', content: '漢'.repeat(100) }],
    max_tokens: Number.MAX_SAFE_INTEGER,
    n: 2,
  })

  const answered = post(chat, body)
  await expect.poll(() => stage.calls.length).toBe(1)
  const { db } = stage.testRun.test.store
  const found = await db.selectFrom('model_requests').select('reserved_nano').execute()
  answer.resolve()
  await answered

  const tokens = Math.ceil(Buffer.byteLength(body) / 3) + 2 * 1000
  expect(found).toEqual([{ reserved_nano: tokens * 1_000_000 }])
})

describe('a body that would keep the others waiting', () => {
  it('is read in one pass, however often it says the same', async () => {
    await open('small')
    const body = `{${'"model":"x",'.repeat(200_000)}"model":"small"}`

    expect((await post(chat, body)).status).toBe(200)
    expect(stage.calls[0]?.body.toString()).toBe(body.replaceAll('"x"', '"small"'))
  })

  it('is refused where it has values without end', async () => {
    await open('small')

    const { status } = await post(chat, `{"model":"small","x":[${'{},'.repeat(1_500_000)}0]}`)

    expect([status, stage.calls]).toEqual([413, []])
  })

  it('has no room beside four of the longest, until they are gone', async () => {
    await open('small')
    const socket = { socketPath: stage.socketPath(), path: pathOf(chat), method: 'POST' }
    const announce = () => {
      const sent = request({ ...socket, headers: { 'content-length': 64 * 1024 * 1024 } })
      sent.on('error', () => undefined).flushHeaders()
      onTestFinished(() => void sent.destroy())
      return sent
    }
    const held = Array.from({ length: 4 }, announce)

    const status = () => post(chat, { model: 'small' }).then((answer) => answer.status)
    await expect.poll(status).toBe(429)
    for (const one of held) one.destroy()
    await expect.poll(status).toBe(200)
  })
})

function pathOf(path: string): string {
  return new URL(stage.gateway.url).pathname + path
}
