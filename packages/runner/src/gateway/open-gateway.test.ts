import { once } from 'node:events'
import { request as requestHttp, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

import { LLMock } from '@copilotkit/aimock'
import { changeTask, failingUpstreams } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { eventually } from '../testing/eventually.ts'
import { upstreamKey as key, useGateway } from '../testing/gateway-stage.ts'
import { openAgentReports } from './agent-reports.ts'

const mock = new LLMock({ host: '127.0.0.1', port: 0, chunkSize: 4 })
mock.on(
  {},
  {
    content: 'A long enough text to come in many chunks.',
    usage: { input_tokens: 100, output_tokens: 20, prompt_tokens: 100, completion_tokens: 20 },
  },
)
let mockUrl: string
beforeAll(async () => {
  mockUrl = await mock.start()
})
afterAll(() => mock.stop())

const price = { input: 1, cached_input: 0.1, cache_write: 1.25, output: 5 }
const stage = useGateway((upstreamUrl) => {
  const wires = { anthropic: 'v1', openai: 'v1', gemini: 'v1beta' }
  const upstreams = Object.fromEntries(
    Object.entries(wires).flatMap(([wire, version]) => [
      [wire, { wire, base_url: `${upstreamUrl}/base/${version}`, api_key_env: 'KEY' }],
      [`mock-${wire}`, { wire, base_url: `${mockUrl}/${version}`, api_key_env: 'KEY' }],
    ]),
  )
  return {
    upstreams,
    models: Object.keys(upstreams).flatMap((name) => [
      { id: `${name}-large`, name: 'provider/large', upstream: name, price, multiplier: 1 },
      {
        id: `${name}-small`,
        name: 'provider/small',
        aliases: ['tiny'],
        upstream: name,
        price: { input: 0.1, output: 0.5 },
        multiplier: 0.33,
      },
    ]),
  }
})
const { open, send, post, usage, socketPath } = stage

describe('what passes', () => {
  it('is the body as it came, with the name of the model alone put in', async () => {
    await open('anthropic-large')
    const body = `{ "b" : [1.0, 2e3, "\\u00e9"],\n "model":"anthropic-small" , "unknown":{"model":"mine"},"n":12345678901234567890}`

    const { status } = await post('/anthropic/v1/messages?beta=true', body)

    expect(status).toBe(200)
    expect(stage.calls[0]?.url).toBe('/base/v1/messages?beta=true')
    expect(stage.calls[0]?.body.toString()).toBe(body.replace('anthropic-small', 'provider/small'))
  })

  it('is a model the agent names: its own, one no dearer, and for names of its own the cheapest', async () => {
    const modelsFor = async (own: string, names: string[]) => {
      await open(own)
      stage.calls = []
      for (const model of names) await post('/openai/v1/responses', { model })
      await stage.gateway[Symbol.asyncDispose]()
      return stage.calls.map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model)
    }
    const names = ['gpt-for-titles', 'openai-small', 'tiny', 'openai-large', 'anthropic-large']
    const [large, small] = ['provider/large', 'provider/small']

    expect(await modelsFor('openai-large', names)).toEqual([small, small, small, large, large])
    expect(await modelsFor('openai-small', names)).toEqual([small, small, small, small, small])
  })

  it("is the session's own of two models with one name, and none that is not for its owner", async () => {
    const model = (id: string, more: object) => ({ id, upstream: 'openai', name: 'same', ...more })
    const models = [
      model('first', { price: { input: 9, output: 9 } }),
      model('second', { price: { input: 5, output: 5 } }),
      model('for-others', { name: 'cheap', owners: ['umbrella'], price: { input: 0, output: 0 } }),
    ]
    await open('second', { settings: { models } })

    await post('/openai/v1/responses', { model: 'same' })
    await post('/openai/v1/responses', { model: 'for-others' })
    const listed = JSON.parse(await text(await send('/openai/v1/models', undefined))) as object

    expect(stage.calls.map(({ body }) => body.toString())).not.toContain('cheap')
    expect(listed).toMatchObject({ data: [{ id: 'second' }] })
    expect((await usage()).slice(-2)).toMatchObject([{ model: 'second' }, { model: 'second' }])
  })

  it('has the key put in and everything else about who asks taken out', async () => {
    await open('anthropic-large')
    const headers = {
      authorization: 'Bearer mine',
      'x-api-key': 'mine',
      cookie: 'mine=1',
      'proxy-authorization': 'mine',
      'x-forwarded-for': '10.0.0.1',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'some-feature',
      'accept-encoding': 'gzip',
    }

    await post('/anthropic/v1/messages', { model: 'm' }, { headers })

    const seen = stage.calls[0]?.headers
    expect(seen).toMatchObject({
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'some-feature',
      'accept-encoding': 'identity',
    })
    expect(Object.values(seen ?? {}).join()).not.toMatch(/mine|10\.0\.0\.1/)
    expect(seen).not.toHaveProperty('authorization')
  })

  it('is a bearer token on the wire of OpenAI', async () => {
    await open('openai-large')

    await post('/openai/v1/chat/completions', { model: 'm' })

    expect(stage.calls[0]?.headers.authorization).toBe(`Bearer ${key}`)
  })

  it('are headers and bytes of the answer, as they come', async () => {
    await open('anthropic-large')
    const parts = Promise.withResolvers<void>()
    stage.answer = (response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'request-id': 'r1',
        'set-cookie': 'a=b',
      })
      response.write('data: one\n\n')
      void parts.promise.then(() => response.end('data: two\n\n'))
    }

    const response = await send('/anthropic/v1/messages', '{"model":"m"}')
    const first = (await once(response, 'data')) as [Buffer]
    parts.resolve()

    expect(first.toString()).toBe('data: one\n\n')
    expect(await text(response)).toBe('data: two\n\n')
    expect(response.headers).toMatchObject({ 'request-id': 'r1' })
    expect(response.headers).not.toHaveProperty('set-cookie')
  })

  it('asks a streamed chat for its usage, whatever the agent has said', async () => {
    await open('openai-large')
    const plain = { model: 'openai-large', messages: [] }
    const asking = [
      undefined,
      null,
      {},
      { include_usage: false, other: 1 },
      { include_usage: true },
    ]

    for (const options of asking) {
      await post('/openai/v1/chat/completions', { ...plain, stream: true, stream_options: options })
    }
    await post('/openai/v1/chat/completions', plain)
    await post('/openai/v1/responses', { ...plain, stream: true })

    const options = stage.calls.map(
      ({ body }) => (JSON.parse(body.toString()) as Record<string, unknown>)['stream_options'],
    )
    const asked = { include_usage: true }
    const kept = { ...asked, other: 1 }
    expect(options).toEqual([asked, asked, asked, kept, asked, undefined, undefined])
  })

  it('keeps the chunk with the usage from an agent that has not asked for it', async () => {
    await open('openai-large')
    const chunk = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`
    const said = chunk({ choices: [{ delta: { content: 'one' }, finish_reason: 'stop' }] })
    const used = chunk({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } })
    const done = 'data: [DONE]\n\n'
    stage.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const whole = said + used + done
      // In two halves, cut in the middle of the chunk.
      const cut = said.length + 20
      response.write(whole.slice(0, cut), () => response.end(whole.slice(cut)))
    }
    const body = { model: 'openai-large', stream: true }
    const asking = { ...body, stream_options: { include_usage: true } }

    const { text: hidden } = await post('/openai/v1/chat/completions', body)
    const { text: shown } = await post('/openai/v1/chat/completions', asking)

    expect(hidden).toBe(said + done)
    expect(shown).toBe(said + used + done)
    const counts = { input_tokens: 7, output_tokens: 3 }
    expect((await usage()).slice(-2)).toMatchObject([counts, counts])
  })
})

describe('what does not pass', () => {
  it.each([
    ['another token', 'POST', '/s/not-the-token/anthropic/v1/messages'],
    ['no token', 'POST', '/anthropic/v1/messages'],
    ['a path of no API', 'POST', '%/anthropic/v1/files'],
    ['a path that climbs', 'POST', '%/anthropic/v1/messages/../files'],
    ['an address of its own', 'POST', 'http://127.0.0.1:1/s/x/anthropic/v1/messages'],
    ['the other wire', 'POST', '%/openai/v1/responses'],
    ['another method', 'DELETE', '%/anthropic/v1/messages'],
    ['a name of Object', 'POST', '%/constructor'],
  ])('is %s', async (_, method, path) => {
    await open('anthropic-large')
    const { pathname } = new URL(stage.gateway.url)

    const result = await post('', { model: 'm' }, { method, path: path.replace('%', pathname) })

    expect(result.status).toBe(404)
    expect(JSON.parse(result.text)).toMatchObject({ type: 'error', error: { message: /./ } })
    expect(stage.calls).toEqual([])
  })

  it.each([
    ['no JSON', '{"model":', 400],
    ['no object', '[1]', 400],
    ['no model', '{"messages":[]}', 400],
    ['a model that is no text', '{"model":{}}', 400],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400],
  ])('is a body that is %s', async (_, body, status) => {
    await open('anthropic-large')

    const response = await send('/anthropic/v1/messages', body)

    expect(response.statusCode).toBe(status)
    expect(stage.calls).toEqual([])
  })

  it('is a body too long, or compressed', async () => {
    await open('anthropic-large')

    const long = await send('/questions', 'x'.repeat(100_000))
    const compressed = await send('/anthropic/v1/messages', 'x', {
      headers: { 'content-encoding': 'zstd' },
    })

    expect([long.statusCode, compressed.statusCode]).toEqual([413, 415])
  })

  it('is any call of a session without a model', async () => {
    await open('script')

    expect((await post('/anthropic/v1/messages', { model: 'm' })).status).toBe(404)
  })

  it('is anything once the session has ended', async () => {
    await open('anthropic-large')
    await stage.gateway[Symbol.asyncDispose]()

    await expect(post('/anthropic/v1/messages', { model: 'm' })).rejects.toThrow(/ENOENT|ECONN/)
  })

  it('is a redirect: it is not followed', async () => {
    await open('anthropic-large')
    stage.answer = (response) =>
      response.writeHead(307, { location: `${stage.upstreamUrl}/other` }).end()

    const { status } = await post('/anthropic/v1/messages', { model: 'm' })

    expect(status).toBe(307)
    expect(stage.calls).toHaveLength(1)
  })
})

describe('a refusal of the upstream', () => {
  it('passes with its status and text, without the key should it repeat it', async () => {
    await open('anthropic-large')
    stage.answer = (response) =>
      response.writeHead(429, { 'retry-after': '7' }).end(`{"error":"too much for ${key}"}`)

    const { status, headers, text } = await post('/anthropic/v1/messages', { model: 'm' })

    expect(status).toBe(429)
    expect(headers['retry-after']).toBe('7')
    expect(text).toBe(`{"error":"too much for ${'*'.repeat(key.length)}"}`)
    expect(stage.gateway.modelFailure).toMatch(/429.*too much/)
  })

  it('of a request, not of the key, passes in its own words', async () => {
    await open('openai-large')
    stage.answer = (response) => response.writeHead(403).end('{"error":"not in your region"}')

    const { status, text } = await post('/openai/v1/responses', { model: 'm' })

    expect([status, text]).toEqual([403, '{"error":"not in your region"}'])
  })

  it('of the key is told in our own words', async () => {
    await open('openai-large')
    stage.answer = (response) => response.writeHead(401).end(`bad key ${key.slice(0, 6)}***`)

    const { status, text } = await post('/openai/v1/responses', { model: 'm' })

    expect(status).toBe(401)
    expect(text).not.toContain('sk-')
    expect(stage.gateway.modelFailure).toMatch(/refused the key/)
  })

  it('is forgotten when a later call goes well', async () => {
    await open('openai-large')
    stage.answer = (response) => response.writeHead(400).end('{}')
    await post('/openai/v1/responses', { model: 'm' })
    stage.answer = (response) => response.end('{}')

    await post('/openai/v1/responses', { model: 'm' })

    expect(stage.gateway.modelFailure).toBeUndefined()
  })

  it('is a 502 where there is no upstream', async () => {
    const anthropic = { wire: 'anthropic', base_url: 'http://127.0.0.1:9/v1' }
    await open('anthropic-large', { settings: { upstreams: { anthropic } } })

    const { status } = await post('/anthropic/v1/messages', { model: 'm' })

    expect(status).toBe(502)
    const { store } = stage.testRun.test
    await expect.poll(() => failingUpstreams(store)).toContain('anthropic')
  })

  it('is told to all servers while the upstream does not answer', async () => {
    const { store } = stage.testRun.test
    await open('openai-large')
    stage.answer = (response) => response.writeHead(503).end('{}')
    vi.useFakeTimers({ toFake: ['performance'] })
    await post('/openai/v1/responses', { model: 'm' })
    await expect.poll(() => failingUpstreams(store)).toContain('openai')
    const { status } = await post('/openai/v1/responses', { model: 'm' })
    stage.answer = (response) => response.end('{}')
    vi.advanceTimersByTime(11_000)

    await post('/openai/v1/responses', { model: 'm' })
    vi.useRealTimers()

    // Three times at first, not at all while it is left alone, and once to see.
    expect([status, stage.calls.length]).toEqual([503, 4])
    await expect.poll(() => failingUpstreams(store)).not.toContain('openai')
  })
})

describe('either side going away', () => {
  it('ends the other: the agent', async () => {
    await open('anthropic-large')
    const gone = Promise.withResolvers<void>()
    stage.answer = (response) => {
      response.on('close', gone.resolve)
      response.write('data: {}\n\n')
    }

    const response = await send('/anthropic/v1/messages', '{"model":"m"}')
    await once(response, 'data')
    response.destroy()

    await gone.promise
  })

  it('ends the other: the agent, before the upstream has answered', async () => {
    await open('anthropic-large')
    const gone = Promise.withResolvers<void>()
    stage.answer = (response) => void response.on('close', gone.resolve)

    const sent = requestHttp({
      socketPath: socketPath(),
      path: `${new URL(stage.gateway.url).pathname}/anthropic/v1/messages`,
      method: 'POST',
    })
    sent.on('error', () => undefined)
    sent.end('{"model":"m"}')
    await eventually(() => expect(stage.calls).toHaveLength(1))
    const before = new Set(await failingUpstreams(stage.testRun.test.store))
    sent.destroy()

    await gone.promise
    // It has the question: what that costs is counted, and nobody is to blame.
    await expect.poll(async () => (await usage()).at(-1)).toMatchObject({ input_tokens: 4 })
    expect(stage.gateway.modelFailure).toBeUndefined()
    expect(new Set(await failingUpstreams(stage.testRun.test.store))).toEqual(before)
  })

  it('ends the other: the upstream', async () => {
    await open('anthropic-large')
    stage.answer = (response) => {
      response.write('data: {}\n\n', () => response.destroy())
    }

    const response = await send('/anthropic/v1/messages', '{"model":"m"}')

    await expect(text(response)).rejects.toThrow()
  })
})

describe('tokens', () => {
  const counted = {
    input_tokens: 100,
    cached_input_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 20,
    reasoning_tokens: 0,
  }

  /** What is stored, by this moment. */
  const requestsSoFar = async () => {
    const { store } = stage.testRun.test
    const found = store.db.selectFrom('usage').selectAll().where('model', '=', 'anthropic-large')
    const [sums = { nano: 0, input_tokens: 0, output_tokens: 0 }] = await found.execute()
    return sums
  }

  it.each([
    ['messages', 'anthropic', '/anthropic/v1/messages'],
    ['responses', 'openai', '/openai/v1/responses'],
    ['chat/completions', 'openai', '/openai/v1/chat/completions'],
    [
      'streamGenerateContent',
      'gemini',
      '/gemini/v1beta/models/mock-gemini-large:streamGenerateContent?alt=sse',
    ],
  ])('are counted from the real streams of %s', async (_, wire, path) => {
    await open(`mock-${wire}-large`)
    const body = {
      model: `mock-${wire}-large`,
      stream: true,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hello' }],
      input: [{ role: 'user', content: 'hello' }],
      contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
    }

    const { status, text } = await post(path, body)

    expect(status).toBe(200)
    expect(text.split('\n\n').length).toBeGreaterThan(10)
    expect((await usage()).at(-1)).toEqual({ model: `mock-${wire}-large`, ...counted })
  })

  it('are those the upstream counts, cached ones among the input, and cost what they cost', async () => {
    await open('anthropic-large')
    const before = await requestsSoFar()
    stage.answer = (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          type: 'message',
          usage: {
            input_tokens: 10,
            cache_read_input_tokens: 60,
            cache_creation_input_tokens: 30,
            output_tokens: 20,
          },
        }),
      )

    await post('/anthropic/v1/messages', { model: 'anthropic-large' })

    expect((await usage()).at(-1)).toEqual({
      ...counted,
      model: 'anthropic-large',
      cached_input_tokens: 60,
      cache_write_tokens: 30,
    })
    // In nano AI credits: a dollar for a million tokens is 100,000 a token.
    const nano = 10 * 100_000 + 60 * 10_000 + 30 * 125_000 + 20 * 500_000
    expect((await requestsSoFar()).nano - before.nano).toBe(nano)
  })

  const eventOf = (event: object) => `data: ${JSON.stringify(event)}\n\n`
  const startOf = (message: object) => eventOf({ type: 'message_start', message })
  const stream = (body: string, write: (response: ServerResponse) => void) => {
    stage.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(body, () => write(response))
    }
    return send('/anthropic/v1/messages', '{"model":"anthropic-large","stream":true}')
  }

  it('are counted as far as they came when an answer is cut short', async () => {
    await open('anthropic-large')
    const delta = { type: 'text_delta', text: 'x'.repeat(400) }
    const start = startOf({ usage: { input_tokens: 77, output_tokens: 1 } })

    const response = await stream(
      start + eventOf({ type: 'content_block_delta', delta }),
      (answered) => answered.destroy(),
    )
    await text(response).catch(() => undefined)

    expect((await usage()).at(-1)).toMatchObject({ input_tokens: 77, output_tokens: 100 })
  })

  it('are stored before the agent has the end of its answer, and the input when it is reported', async () => {
    await open('anthropic-large')
    const before = await requestsSoFar()
    let finish = (): void => undefined
    const response = await stream(
      startOf({ usage: { input_tokens: 40, output_tokens: 1 } }),
      (answered) => {
        const end = eventOf({ type: 'message_delta', usage: { output_tokens: 9 } })
        finish = () => void answered.write(end)
      },
    )
    await expect.poll(requestsSoFar).toMatchObject({ input_tokens: before.input_tokens + 40 })

    finish()
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (chunk.includes('message_delta')) break
    }

    // This very moment the process might die.
    expect((await requestsSoFar()).output_tokens).toBe(before.output_tokens + 9)
    await usage()
  })

  it('of a model that is dearer than the task may use are counted, and its answer is cut off', async () => {
    const { store } = stage.testRun.test
    const { id } = stage.testRun.run.lease.task
    await changeTask(store, id, { max_multiplier: 1 })
    await open('anthropic-large')
    const before = await requestsSoFar()
    const message = { model: 'claude-opus-4-5-20251101', usage: { input_tokens: 5 } }

    await expect(stream(startOf(message), () => undefined).then(text)).rejects.toThrow()
    await expect
      .poll(() => stage.gateway.modelFailure)
      .toContain('of claude-opus-4-5-20251101 is 3')
    await expect.poll(requestsSoFar).toMatchObject({ input_tokens: before.input_tokens + 5 })
    await changeTask(store, id, { max_multiplier: null })
    await usage()
  })

  it('cost nothing to be counted', async () => {
    await open('anthropic-large')
    const before = (await stage.testRun.test.events(stage.testRun.run.lease.task.id)).length

    await post('/anthropic/v1/messages/count_tokens', { model: 'm' })
    await usage()

    expect(await stage.testRun.test.events(stage.testRun.run.lease.task.id)).toHaveLength(before)
  })
})

it('lists the models of its upstream, and no others', async () => {
  await open('openai-large')

  const own = await send('/openai/v1/models', undefined)
  const other = await send('/anthropic/v1/models', undefined)

  const shown = { data: [{ id: 'openai-large' }, { id: 'openai-small' }] }
  expect(JSON.parse(await text(own))).toMatchObject(shown)
  expect(JSON.parse(await text(other))).toMatchObject({ data: [] })
})

it('takes what the agent tells of its work, where that is to be taken', async () => {
  await open('script')
  const progress = { message: 'Half' }
  const nowhere = await post('/progress', progress)
  await open('script', { reports: openAgentReports(stage.testRun.run) })

  const taken = await post('/progress', progress)
  const plan = await post('/plan', { entries: [] })
  const refused = await post('/plan', progress)
  const long = await send('/plan', 'x'.repeat(300_000))

  expect(nowhere.status).toBe(404)
  expect([taken.status, plan.status, refused.status, long.statusCode]).toEqual([202, 202, 400, 413])
})

it('takes questions', async () => {
  await open('script')

  const { status, text } = await post('/questions', { message: 'Which?' })
  const refused = await post('/questions', { message: '' })

  expect([status, JSON.parse(text)]).toEqual([202, { question_id: 'q-1' }])
  expect(stage.asked).toEqual([{ message: 'Which?', requestedSchema: undefined }])
  expect(refused.status).toBe(400)
})
