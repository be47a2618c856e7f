import { connect } from 'node:net'
import { endSession, recordEvents } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseTask } from '../../testing/lease-task.ts'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let token: string

beforeAll(async () => {
  server = await openTestServer()
  token = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', { members: { alice: 'write' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

async function newTask(): Promise<string> {
  const body = { prompt: 'p', model: 'script' }
  return (await server.call('/agents/repos/acme/shop/tasks', { token, body })).body.id
}

/** A task that has ended, after these messages. */
async function endedTask(messages: string[]): Promise<string> {
  const id = await newTask()
  const lease = await leaseTask(server.store, id)
  const events = messages.map(
    (content) => ({ type: 'assistant.message', data: { content } }) as const,
  )
  await recordEvents(server.store, lease, events)
  await endSession(server.store, lease, { state: 'completed' })
  return id
}

function follow(id: string, headers: Record<string, string> = {}, query = '') {
  const signal = AbortSignal.timeout(30_000)
  return fetch(`${server.url}/agents/tasks/${id}/events${query}`, {
    signal,
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
  })
}

function idsOf(stream: string): string[] {
  return [...stream.matchAll(/^id: (.+)$/gm)].map(([, id]) => id ?? '')
}

describe('as JSON', () => {
  it('come in pages, and after one that was seen', async () => {
    const id = await endedTask(['one', 'two'])
    const path = `/agents/tasks/${id}/events`

    const all = await server.call(path, { token })
    const page = await server.call(`${path}?per_page=2&page=2`, { token })
    const after = await server.call(`${path}?after=3`, { token })

    expect(all.body.events.map(({ type }) => type)).toEqual([
      'session.created',
      'session.state_changed',
      'assistant.message',
      'assistant.message',
      'session.state_changed',
    ])
    expect(all.body.events[2]).toEqual({
      id: '3',
      type: 'assistant.message',
      timestamp: expect.stringMatching(/Z$/),
      session_id: expect.any(String),
      data: { content: 'one' },
    })
    expect(all.body.total).toBe(5)
    expect(page.body).toEqual({ events: all.body.events.slice(2, 4), total: 5 })
    expect(after.body.events).toEqual(all.body.events.slice(3))
  })

  it.each(['per_page=1001', 'after=-1', 'after=x'])('are refused with %s', async (query) => {
    const id = await newTask()

    expect((await server.call(`/agents/tasks/${id}/events?${query}`, { token })).status).toBe(422)
  })
})

describe('as a stream', () => {
  it('come past and live, in the wire format, and end with the task', async () => {
    const id = await newTask()
    const response = await follow(id)
    const lease = await leaseTask(server.store, id)
    const content = 'two\nlines\r\u2028 <b>\u001b[1m'
    await recordEvents(server.store, lease, [{ type: 'assistant.message', data: { content } }])
    await endSession(server.store, lease, { state: 'completed' })

    const text = await response.text()

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(idsOf(text)).toEqual(['1', '2', '3', '4'])
    const frame = text.split('\n\n').find((part) => part.startsWith('id: 3'))
    const [idLine, eventLine, dataLine, ...rest] = frame?.split('\n') ?? []
    expect([idLine, eventLine, rest]).toEqual(['id: 3', 'event: assistant.message', []])
    const listed = await server.call(`/agents/tasks/${id}/events`, { token })
    expect(JSON.parse(dataLine?.slice('data: '.length) ?? '')).toEqual(listed.body.events[2])
  })

  it('carry the headers of every answer', async () => {
    const { headers, body } = await follow(await endedTask([]))
    await body?.cancel()

    expect(headers.get('x-github-request-id')).toMatch(/^[0-9A-F:]+$/)
    expect(headers.get('x-github-api-version-selected')).toBe('2022-11-28')
    expect(Number(headers.get('x-ratelimit-used'))).toBeGreaterThan(0)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('etag')).toBeNull()
  })

  it.each([
    [{ 'last-event-id': '3' }, '', ['4', '5']],
    [{}, '?after=4', ['5']],
    [{ 'last-event-id': '4' }, '?after=1', ['5']],
    [{ 'last-event-id': 'nonsense' }, '?after=4', ['5']],
    [{ 'last-event-id': '99' }, '', []],
  ])('go on after %j%s', async (headers, query, ids) => {
    const id = await endedTask(['one', 'two'])

    expect(idsOf(await (await follow(id, headers, query)).text())).toEqual(ids)
  })

  it('are not begun for who may not read, nor for HEAD', async () => {
    const id = await newTask()

    const stranger = await follow(id, { authorization: 'Bearer nonsense' })
    const head = await server.call(`/agents/tasks/${id}/events`, {
      token,
      method: 'HEAD',
      headers: { accept: 'text/event-stream' },
    })

    expect(stranger.status).toBe(401)
    expect(stranger.headers.get('content-type')).toContain('application/json')
    expect([head.status, head.text]).toEqual([200, ''])
  })

  it('do not keep the server from stopping', async () => {
    const own = await openTestServer({}, { store: server.store })
    const mine = own.forge.addToken('alice')
    own.forge.addRepository('acme/shop', { members: { alice: 'write' } })
    const id = await newTask()
    const { hostname, port } = new URL(own.url)
    const socket = connect(Number(port), hostname)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(
      `GET /agents/tasks/${id}/events HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n` +
        `Accept: text/event-stream\r\nAuthorization: Bearer ${mine}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('data', resolve))
    socket.resume()

    await own[Symbol.asyncDispose]()
    await closed

    expect(own.problems).toEqual([])
  })
})
