import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { ConnectionLost } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from './testing/open-test-server.ts'

// What every operation has in common: behaviour.md 2.3, 2.4 and 7.4.

let server: TestServer
let token: string
const tasks = '/agents/repos/acme/shop/tasks'

beforeAll(async () => {
  server = await openTestServer()
  token = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', { members: { alice: 'write' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

async function newTask(): Promise<string> {
  const { body } = await server.call(tasks, { token, body: { prompt: 'p', model: 'script' } })
  return body.id
}

describe('every answer', () => {
  it.each([
    ['a list', '/agents/tasks', 200],
    ['a list under the prefix of GitHub Enterprise Server', '/api/v3/agents/tasks', 200],
    ['a path that is nobody’s', '/agents/nothing', 404],
    ['a long path that is nobody’s', '/a/b/c/d/e/f/g', 404],
    ['what is free', '/rate_limit', 200],
  ])('carries its headers: %s', async (_, path, status) => {
    const answer = await server.call(path, { token })

    expect(answer.status).toBe(status)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-github-request-id': expect.stringMatching(/^[0-9A-F]+(:[0-9A-F]+){4}$/),
      'x-github-media-type': 'github.v3; format=json',
      'x-github-api-version-selected': '2022-11-28',
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': expect.stringMatching(/^[1-9]\d*$/),
      'x-ratelimit-used': expect.stringMatching(/^\d+$/),
      'x-ratelimit-reset': expect.stringMatching(/^\d{10}$/),
      'x-ratelimit-resource': 'core',
      'x-content-type-options': 'nosniff',
    })
  })

  it('carries them in a refusal, too, and counts it', async () => {
    const refusals = [
      await server.call('/agents/tasks'),
      await server.call('/agents/tasks', { token: 'ghp_unknown' }),
      await server.call('/agents/tasks', { headers: { 'x-github-api-version': '1999-01-01' } }),
    ]

    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 400])
    expect(refusals.map(({ headers }) => headers.get('x-ratelimit-limit'))).toEqual([
      '60',
      '5000',
      '60',
    ])
  })

  it('tells what the token may and how long', async () => {
    const expires_at = '2031-01-01T00:00:00Z'
    const mine = server.forge.addToken('alice', { scopes: ['repo', 'user'], expires_at })

    const { headers } = await server.call('/agents/tasks', { token: mine })

    expect(headers.get('x-oauth-scopes')).toBe('repo, user')
    expect(headers.get('github-authentication-token-expiration')).toBe('2031-01-01 00:00:00 UTC')
  })
})

describe('what is not there', () => {
  it.each([
    ['GET', '/agents/tasks/'],
    ['GET', `${tasks}/`],
    ['GET', '//agents/tasks'],
    ['GET', '/agents/Tasks'],
    ['GET', '/agents/tasks/not-an-id'],
    ['GET', '/agents/tasks/..%2f..%2fuser'],
    ['GET', `/agents/tasks/${'x'.repeat(2000)}`],
    ['GET', '/agents/tasks/%E0%A4%A'],
    ['GET', '/agents/repos/acme/nothing/tasks'],
    ['GET', '/agents/repos/acme/%2e%2e/tasks'],
    ['GET', '/agents/repos/acme/a%0d%0aset-cookie:x/tasks'],
    ['GET', '/agents/repos/__proto__/constructor/tasks'],
    ['DELETE', '/agents/tasks'],
    ['PUT', tasks],
    ['POST', '/agents/tasks'],
  ])('is 404 in the shape of all errors: %s %s', async (method, path) => {
    const answer = await server.call(path, { token, method })

    expect(answer.status).toBe(404)
    expect(answer.body).toEqual({
      message: 'Not Found',
      documentation_url: 'https://docs.github.com/rest',
      status: '404',
    })
    expect(answer.headers.get('x-github-request-id')).not.toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it('is a page for a browser', async () => {
    const answer = await server.call('/nothing/at/all', { headers: { accept: 'text/html' } })

    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })
})

describe('a request', () => {
  it('without User-Agent is refused', async () => {
    const [status, body] = await new Promise<[number | undefined, string]>((resolve, reject) => {
      const call = request(`${server.url}/agents/tasks`, (response) => {
        text(response).then((body) => resolve([response.statusCode, body]), reject)
      })
      call.end()
    })

    expect(status).toBe(403)
    expect(JSON.parse(body)).toMatchObject({ message: expect.stringContaining('User-Agent') })
  })

  it.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/plain; charset=utf-16',
    'nonsense',
    '',
  ])('is read as JSON under Content-Type %j', async (type) => {
    const body = { prompt: 'p', model: 'script' }

    const { status } = await server.call(tasks, { token, body, headers: { 'content-type': type } })

    expect(status).toBe(201)
  })

  it.each(['2022-11-28', '2026-03-10'])('is answered in version %s', async (version) => {
    const headers = { 'x-github-api-version': version }

    const answer = await server.call('/agents/tasks', { token, headers })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-github-api-version-selected')).toBe(version)
  })

  it('that names another host is answered with our own addresses', async () => {
    const answer = await sendRaw(
      `GET http://evil.example/agents/tasks?per_page=1 HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: x\r\n` +
        `Authorization: Bearer ${token}\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`,
    )

    expect(answer).toContain(`link: <${server.url}/agents/tasks?per_page=1&page=`)
    expect(answer).not.toContain('evil')
  })

  async function sendRaw(message: string): Promise<string> {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write(message)
    return await text(socket)
  }
})

describe('reading again what has not changed', () => {
  it('is 304, without a body, and does not count', async () => {
    const path = `/agents/tasks/${await newTask()}`
    const first = await server.call(path, { token })
    const etag = first.headers.get('etag') ?? ''

    const again = await server.call(path, { token, headers: { 'if-none-match': etag } })

    expect(etag).toMatch(/^W\/"[0-9a-f]{64}"$/)
    expect([again.status, again.text]).toEqual([304, ''])
    expect(again.headers.get('etag')).toBe(etag)
    expect(again.headers.get('x-ratelimit-used')).toBe(first.headers.get('x-ratelimit-used'))
  })

  it('is 200 as soon as it has changed, and no cache answers in our place', async () => {
    const id = await newTask()
    const first = await server.call(`/agents/tasks/${id}`, { token })
    await server.call(`/agents/tasks/${id}/cancel`, { token, method: 'POST' })

    const headers = { 'if-none-match': first.headers.get('etag') ?? '' }
    const again = await server.call(`/agents/tasks/${id}`, { token, headers })

    expect(again).toMatchObject({ status: 200, body: { state: 'cancelled' } })
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
  })

  it('is no way around the right to read', async () => {
    const path = `/agents/tasks/${await newTask()}`
    const etag = (await server.call(path, { token })).headers.get('etag') ?? ''

    expect((await server.call(path, { headers: { 'if-none-match': etag } })).status).toBe(401)
    expect((await server.call(path, { headers: { 'if-none-match': '*' } })).status).toBe(401)
  })

  it('HEAD answers as GET does, without the body', async () => {
    const path = `/agents/tasks/${await newTask()}`

    const get = await server.call(path, { token })
    const head = await server.call(path, { token, method: 'HEAD' })

    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)))
  })
})

it('says where tokens are made whose forge is elsewhere', async () => {
  const forge = 'https://api.github.com'
  await using elsewhere = await openTestServer({ forge }, { store: server.store })
  const asked = await elsewhere.call('/login/device/code', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'client_id=errand-cli',
  })

  expect(asked.status).toBe(404)
  expect(asked.body).toMatchObject({ forge, error: 'Not Found' })
})

describe('the rate limit', () => {
  it('is told by what is itself free, for a token and without one', async () => {
    const mine = server.forge.addToken('alice')
    await server.call('/agents/tasks', { token: mine })

    const free = JSON.parse((await server.call('/rate_limit', { token: mine })).text)
    const again = JSON.parse((await server.call('/rate_limit', { token: mine })).text)
    const anonymous = JSON.parse((await server.call('/rate_limit')).text)

    expect(free.rate).toEqual({ limit: 5000, used: 1, remaining: 4999, reset: expect.any(Number) })
    expect(free.resources.core).toEqual(free.rate)
    expect(again).toEqual(free)
    expect(anonymous.rate.limit).toBe(60)
  })

  it('refuses with remaining 0, and creating too fast with Retry-After and more than 0', async () => {
    const rate_limits = { per_hour: 3, created_per_minute: 1 }
    await using strict = await openTestServer({ rate_limits }, { store: server.store })
    const mine = strict.forge.addToken('alice')
    strict.forge.addRepository('acme/shop', { members: { alice: 'write' } })
    const create = () => strict.call(tasks, { token: mine, body: { prompt: 'p', model: 'script' } })

    const answers = [
      await create(),
      await create(),
      await strict.call('/agents/tasks', { token: mine }),
    ]
    const over = await strict.call('/agents/tasks', { token: mine })

    expect(answers.map(({ status }) => status)).toEqual([201, 429, 200])
    expect(answers[1]?.body).toMatchObject({
      message: expect.stringMatching(/exceeded a secondary rate limit/),
      documentation_url: expect.stringMatching(/#about-secondary-rate-limits$/),
    })
    expect(Number(answers[1]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answers[1]?.headers.get('x-ratelimit-remaining')).toBe('1')
    expect(over).toMatchObject({ status: 403, body: { message: /rate limit exceeded/ } })
    expect(over.headers.get('x-ratelimit-remaining')).toBe('0')
  })
})

describe('a failure', () => {
  it('of our own says nothing but its request id, under which the log has it', async () => {
    const cause = new Error('the password is hunter2')
    await using broken = await openTestServer({}, { store: server.store })
    broken.forge.authenticate = () => Promise.reject(cause)

    const answer = await broken.call('/agents/tasks', { token })

    expect(answer).toMatchObject({ status: 500, body: { message: 'Server Error', status: '500' } })
    expect(answer.text).not.toContain('hunter2')
    expect(broken.problems).toEqual([
      {
        err: cause,
        requestId: answer.headers.get('x-github-request-id'),
        message: 'request failed',
      },
    ])
  })

  it('of the database’s connection asks the client to come again', async () => {
    await using broken = await openTestServer({}, { store: server.store })
    broken.forge.authenticate = () => Promise.reject(new ConnectionLost('gone'))

    const answer = await broken.call('/agents/tasks', { token })

    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
  })
})
