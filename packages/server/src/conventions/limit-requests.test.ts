import { routes } from '@errand/contract'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../testing/open-test-server.ts'
import { isCreating } from './limit-requests.ts'

// The limits as requests meet them.

let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** A server of these limits; its store is that of the first one. */
async function openLimited(rate_limits: object, settings: object = {}, options: object = {}) {
  const limited = await openTestServer(
    { rate_limits, ...settings },
    { store: server.store, ...options },
  )
  limited.forge.addRepository('acme/shop', { members: { alice: 'write' } })
  return limited
}

const tasks = '/agents/repos/acme/shop/tasks'

describe('requests at a time', () => {
  it('are so many and no more, and a client that leaves makes room', async () => {
    await using limited = await openLimited({ concurrent: 2 })
    const token = limited.forge.addToken('alice')
    const other = limited.forge.addToken('alice')
    const authenticate = limited.forge.authenticate.bind(limited.forge)
    const [arrived, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let waiting = 0
    limited.forge.authenticate = async (secret) => {
      waiting += 1
      if (waiting === 2) arrived.resolve()
      await held.promise
      return await authenticate(secret)
    }
    const leaving = new AbortController()
    const first = limited.call('/agents/tasks', { token })
    const left = fetch(`${limited.url}/agents/tasks`, {
      headers: { authorization: `Bearer ${token}` },
      signal: leaving.signal,
    })
    await arrived.promise

    const refused = await limited.call('/agents/tasks', { token })
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    const ofOther = limited.call('/agents/tasks', { token: other })
    held.resolve()

    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.body.message).toMatch(/\bsecondary rate\b/i)
    expect(refused.body.documentation_url).toMatch(/secondary-rate-limits$/)
    expect(refused.headers.get('x-ratelimit-remaining')).not.toBe('0')
    expect([(await first).status, (await ofOther).status]).toEqual([200, 200])
    for (let n = 0; n < 5; n += 1) {
      const [one, two] = [0, 1].map(() => limited.call('/agents/tasks', { token }))
      expect([(await one!).status, (await two!).status]).toEqual([200, 200])
    }
  })
})

describe('points', () => {
  it('are of an operation, under whatever prefix it is asked', async () => {
    await using limited = await openLimited({ points_per_minute: 7 })
    const token = limited.forge.addToken('alice')
    const body = { prompt: 'p', model: 'script' }

    const made = await limited.call(tasks, { token, body })
    const again = await limited.call(`/api/v3${tasks}`, { token, body })
    const read = await limited.call(tasks, { token })

    expect([made.status, again.status, read.status]).toEqual([201, 429, 200])
  })
})

describe('an hour', () => {
  it.each([
    ['ghs_x', 15_000],
    ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln', 1000],
    ['ghp_x', 5000],
  ])('of a token like %s has %s requests', async (token, limit) => {
    const { headers } = await server.call('/rate_limit', { token })

    expect(headers.get('x-ratelimit-limit')).toBe(String(limit))
  })
})

describe('what is created', () => {
  it('or sent to somebody else is so by its operation', () => {
    const names = Object.entries(routes).filter(([, { method, path }]) => {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
      return isCreating({ method, routeOptions: { url } } as FastifyRequest)
    })

    expect(names.map(([name]) => name)).toEqual([
      'createTask',
      'steerTask',
      'openTaskPull',
      'createAutomation',
      'runAutomation',
      'createCampaign',
      'retryCampaign',
      'createRepositoryWebhook',
      'redeliverRepositoryWebhookDelivery',
      'pingRepositoryWebhook',
      'createOrganizationWebhook',
      'redeliverOrganizationWebhookDelivery',
      'pingOrganizationWebhook',
    ])
  })

  it.each([
    ['POST', '/api/v3/user/tokens', true],
    ['POST', '/admin/users/:username/tokens', true],
    ['POST', '/repos/:owner/:repo/git/refs', true],
    ['POST', '/repositories/:repository_id/issues', true],
    ['PUT', '/repos/:owner/:repo/contents/*', true],
    ['POST', '/integrations/hooks/:name', true],
    ['PATCH', '/repos/:owner/:repo/git/refs/*', false],
    ['GET', '/repos/:owner/:repo/hooks', false],
    ['POST', '/graphql', false],
  ])('%s %s: %s', (method, url, expected) => {
    expect(isCreating({ method, routeOptions: { url } } as FastifyRequest)).toBe(expected)
  })

  it('is a task, a message to it or a pull request alike', async () => {
    await using limited = await openLimited({ created_per_minute: 2 })
    const token = limited.forge.addToken('alice')
    const made = await limited.call(tasks, { token, body: { prompt: 'p', model: 'script' } })
    const one = `/agents/tasks/${made.body.id}`

    const answers = [
      await limited.call(`${one}/steer`, { token, body: { content: 'go on' } }),
      await limited.call(`${one}/pulls`, { token, body: {} }),
      await limited.call(`${one}/cancel`, { token, body: {} }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([202, 429, 200])
  })
})

describe('a token that is none', () => {
  it('is refused within the limits of an hour', async () => {
    await using limited = await openLimited({ per_hour: 3 })
    const statuses = []
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await limited.call('/agents/tasks', { token: 'ghp_none' })).status)
    }

    expect(statuses).toEqual([401, 401, 401, 403])
  })
})

it('the server’s own runner is never refused', async () => {
  const limits = { per_hour: 1, points_per_minute: 1, concurrent: 1, created_per_minute: 1 }
  await using limited = await openLimited(limits, {}, { forgeToken: () => 'ghs_own' })

  const answers = []
  for (let n = 0; n < 4; n += 1) {
    answers.push(await limited.call('/versions', { token: 'ghs_own' }))
  }

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(answers[3]?.headers.get('x-ratelimit-remaining')).toBe('5000')
})

describe('what comes from portals and hooks', () => {
  it('is limited by where it comes from, before its signature is looked at', async () => {
    const hook = { id: 'ci', secret_env: 'S', token_env: 'T', repository: 'acme/shop', prompt: 'p' }
    await using limited = await openLimited(
      { per_hour: 5, created_per_minute: 3 },
      { integrations: { hooks: [hook] } },
      { secrets: () => 'x'.repeat(32) },
    )
    const token = limited.forge.addToken('alice')

    const answers = []
    for (let n = 0; n < 6; n += 1) {
      answers.push(await limited.call('/integrations/hooks/ci', { body: {} }))
    }

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429, 429, 403])
    expect(answers[0]?.headers.get('x-ratelimit-limit')).toBe('5')
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answers[5]?.headers.get('x-ratelimit-remaining')).toBe('0')
    expect((await limited.call('/agents/tasks', { token })).status).toBe(200)
  })
})

describe('/mcp', () => {
  it('counts as any request of the token', async () => {
    await using limited = await openLimited(
      { per_hour: 2 },
      {},
      { createMcpServer: () => Promise.reject(new Error('nobody comes so far')) },
    )
    const token = limited.forge.addToken('alice')
    await limited.call('/agents/tasks', { token })
    await limited.call('/agents/tasks', { token })

    const refused = await limited.call('/mcp', { token, body: {} })
    const anonymous = await limited.call('/mcp', { body: {} })

    expect([refused.status, refused.headers.get('x-ratelimit-remaining')]).toEqual([403, '0'])
    expect([anonymous.status, anonymous.headers.get('x-ratelimit-limit')]).toEqual([401, '60'])
  })
})
