import { type RepositoryPermission, routes } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../testing/open-test-server.ts'

// Who may do what: behaviour.md 2.1 and 2.4.

let server: TestServer
let alice: string
const tasks = '/agents/repos/acme/shop/tasks'

beforeAll(async () => {
  server = await openTestServer()
  alice = server.forge.addToken('alice')
  server.forge.addRepository('acme/shop', { members: { alice: 'admin' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** A task in a repository of its own. */
async function newTask(
  fields: { private?: boolean; members?: Record<string, RepositoryPermission> } = {},
) {
  const name = `acme/r${crypto.randomUUID()}`
  const members = { alice: 'admin', ...fields.members } as const
  const repository = server.forge.addRepository(name, { ...fields, members })
  const path = `/agents/repos/${name}/tasks`
  const { body } = await server.call(path, {
    token: alice,
    body: { prompt: 'p', model: 'script' },
  })
  return { id: body.id, path, repository }
}

/** Every operation on a task, as [level, status]; bodies are such that only rights can refuse. */
async function tryAll(token: string, { id, path }: { id: string; path: string }) {
  const one = `/agents/tasks/${id}`
  const reads = [path, `${path}/${id}`, one, `${one}/events`, `${one}/diff`]
  const writes: [string, object][] = [
    [path, { prompt: 'p', model: 'script' }],
    [`${one}/steer`, { content: 'go on' }],
    [`${one}/cancel`, {}],
    [`${one}/archive`, {}],
    [`${one}/unarchive`, {}],
  ]
  const read = []
  for (const path of reads) read.push((await server.call(path, { token })).status)
  const written = []
  for (const [path, body] of writes) written.push((await server.call(path, { token, body })).status)
  const changed = await server.call(one, { token, method: 'PATCH', body: { max_multiplier: 1 } })
  const pulls = await server.call(`${one}/pulls`, { token, body: {} })
  return { read, written: [...written, changed.status], pulls: pulls.status }
}

it('tries every operation of the table', () => {
  const tried = 5 + 6 + 1
  const withoutTask = ['listTasks', 'listModels', 'getUsage']
  // Those of automations, campaigns and configuration are tried beside them, in routes/.
  const ofTasks = Object.values(routes).filter(
    ({ path }) => path.startsWith('/agents/') && !/\/(automations|campaigns)/.test(path),
  )

  expect(ofTasks).toHaveLength(tried + withoutTask.length)
})

describe('a repository', () => {
  it('is open to who may write', async () => {
    const bob = server.forge.addToken('bob')

    const answers = await tryAll(bob, await newTask({ private: true, members: { bob: 'write' } }))

    expect(answers).toEqual({
      read: [200, 200, 200, 200, 200],
      written: [201, 202, 200, 200, 200, 200],
      // No branch was pushed.
      pulls: 422,
    })
  })

  it.each(['read', 'triage'] as const)('lets who may %s only look', async (permission) => {
    const bob = server.forge.addToken('bob')

    const answers = await tryAll(
      bob,
      await newTask({ private: true, members: { bob: permission } }),
    )

    expect(answers).toEqual({
      read: [200, 200, 200, 200, 200],
      written: [403, 403, 403, 403, 403, 403],
      pulls: 403,
    })
  })

  it('that is public lets everybody look', async () => {
    const bob = server.forge.addToken('bob')

    const { read, written } = await tryAll(bob, await newTask())

    expect([...new Set(read), ...new Set(written)]).toEqual([200, 403])
  })

  it('that is private is not there for anybody else, nor are its tasks', async () => {
    const bob = server.forge.addToken('bob')

    const answers = await tryAll(bob, await newTask({ private: true }))

    expect(new Set([...answers.read, ...answers.written, answers.pulls])).toEqual(new Set([404]))
  })

  it('sends who asks by a former name to the present one', async () => {
    const { id, path, repository } = await newTask()
    const former = repository.full_name
    repository.former_names = [former]
    repository.full_name = 'acme/renamed'

    const read = await server.call(`/api/v3${path}/${id}?page=2`, { token: alice })
    const written = await server.call(path, { token: alice, body: { prompt: 'p' } })

    const present = `/agents/repos/acme/renamed/tasks`
    expect(read.status).toBe(301)
    expect(read.headers.get('location')).toBe(`${server.url}/api/v3${present}/${id}?page=2`)
    expect(written.status).toBe(307)
    expect(written.headers.get('location')).toBe(`${server.url}${present}`)
  })

  it('tells its new name to nobody who may not see it', async () => {
    const { path, repository } = await newTask({ private: true })
    repository.former_names = [repository.full_name]
    repository.full_name = 'acme/hidden'
    const bob = server.forge.addToken('bob')
    const narrow = server.forge.addToken('alice', { scopes: ['public_repo'] })

    expect((await server.call(path, { token: bob })).status).toBe(404)
    expect((await server.call(path, { token: narrow })).status).toBe(404)
  })
})

describe('a token', () => {
  it('is needed', async () => {
    const { status, body } = await server.call(tasks)

    expect([status, body.message]).toEqual([401, 'Requires authentication'])
  })

  it.each([
    ['Bearer nonsense'],
    ['token nonsense'],
    [`Basic ${Buffer.from('alice:nonsense').toString('base64')}`],
  ])('that is not known is refused: %s', async (authorization) => {
    const { status, body } = await server.call(tasks, { headers: { authorization } })

    expect([status, body.message]).toEqual([401, 'Bad credentials'])
  })

  it.each([
    (token: string) => `bearer ${token}`,
    (token: string) => `Token ${token}`,
    (token: string) => `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
  ])('is taken as %s', async (encode) => {
    const headers = { authorization: encode(alice) }

    expect((await server.call(tasks, { headers })).status).toBe(200)
  })

  it('that was revoked is refused at once', async () => {
    const token = server.forge.addToken('alice')
    server.forge.revokeToken(token)

    expect((await server.call(tasks, { token })).status).toBe(401)
  })

  it.each([
    [
      'installation',
      { agent_tasks: 'write' },
      [403, 403],
      'Resource not accessible by integration',
    ],
    ['fine_grained', { agent_tasks: 'write' }, [200, 201], undefined],
    [
      'fine_grained',
      { agent_tasks: 'read' },
      [200, 403],
      'Resource not accessible by personal access token',
    ],
    [
      'fine_grained',
      { contents: 'write' },
      [403, 403],
      'Resource not accessible by personal access token',
    ],
    ['user_to_server', { agent_tasks: 'write' }, [200, 201], undefined],
    [
      'user_to_server',
      { agent_tasks: 'read' },
      [200, 403],
      'Resource not accessible by integration',
    ],
    ['user_to_server', {}, [403, 403], 'Resource not accessible by integration'],
  ] as const)(
    'of kind %s with %j reads and writes with %j',
    async (kind, permissions, statuses, message) => {
      const token = server.forge.addToken('alice', { kind, permissions })

      const read = await server.call(tasks, { token })
      const written = await server.call(tasks, { token, body: { prompt: 'p', model: 'script' } })

      expect([read.status, written.status]).toEqual(statuses)
      const refused = [read, written].filter(({ status }) => status === 403)
      expect(refused.map(({ body }) => body.message)).toEqual(refused.map(() => message))
      expect(refused.map(({ headers }) => headers.get('x-accepted-github-permissions'))).toEqual(
        refused.map((answer) => `agent_tasks=${answer === read ? 'read' : 'write'}`),
      )
    },
  )

  it.each([
    ['classic', ['repo'], [200, 201], [200, 201]],
    ['oauth', ['repo'], [200, 201], [200, 201]],
    ['classic', ['public_repo'], [200, 201], [404, 404]],
    ['classic', ['user', 'read:org'], [403, 403], [403, 403]],
    ['classic', [], [403, 403], [403, 403]],
  ] as const)(
    'of kind %s with scopes %j answers %j in public, %j in private',
    async (kind, scopes, inPublic, inPrivate) => {
      const token = server.forge.addToken('alice', { kind, scopes: [...scopes] })
      const secret = await newTask({ private: true })
      const statuses = async (path: string) => [
        (await server.call(path, { token })).status,
        (await server.call(path, { token, body: { prompt: 'p', model: 'script' } })).status,
      ]

      expect(await statuses(tasks)).toEqual(inPublic)
      expect(await statuses(secret.path)).toEqual(inPrivate)
    },
  )

  it.each([
    [{ agent_tasks: 'write' }, [200, 201]],
    [{ agent_tasks: 'read' }, [200, 403]],
    [{ contents: 'write' }, [403, 403]],
  ] as const)(
    'of kind installation with %j reads and writes with %j as a service, where the settings admit it',
    async (permissions, statuses) => {
      const { store } = server
      await using admitting = await openTestServer({ allow_server_to_server: true }, { store })
      admitting.forge.addRepository('acme/shop', { members: { service: 'write' } })
      const token = admitting.forge.addToken('service', { kind: 'installation', permissions })

      const read = await admitting.call(tasks, { token })
      const written = await admitting.call(tasks, { token, body: { prompt: 'p', model: 'script' } })

      expect([read.status, written.status]).toEqual(statuses)
    },
  )

  it('is refused before its body is looked at', async () => {
    const token = server.forge.addToken('alice', { kind: 'installation' })

    expect((await server.call(tasks, { token, body: '{' })).status).toBe(400)
    expect((await server.call(tasks, { token, body: '{}' })).status).toBe(403)
  })
})
