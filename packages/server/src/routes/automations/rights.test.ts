import { type RepositoryPermission, type RouteName, routes } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let alice: string
let bob: string

beforeAll(async () => {
  server = await openTestServer()
  alice = server.forge.addToken('alice')
  bob = server.forge.addToken('bob')
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** An automation of alice's in a repository of its own, where bob may do this much. */
async function anAutomation(
  permission: RepositoryPermission | undefined,
  fields: object = {},
): Promise<{ path: string; id: string }> {
  const name = `acme/r${crypto.randomUUID()}`
  const members = { alice: 'write', ...(permission && { bob: permission }) } as const
  server.forge.addRepository(name, { private: true, members })
  const path = `/agents/repos/${name}/automations`
  const body = { name: 'Tidy', prompt: 'Tidy up', model: 'script', ...fields }
  const created = await server.call(path, { token: alice, body })
  return { path, id: created.body.id }
}

const reads = {
  listAutomationsForRepo: '{path}',
  listAutomationToolsForRepo: '{path}/tools',
  listAutomationTriggersForRepo: '{path}/triggers',
  getAutomation: '{path}/{id}',
  listAutomationTasksForRepo: '{path}/{id}/tasks',
  listAutomationTasks: '/agents/automations/{id}/tasks',
  listAutomationRuns: '{path}/{id}/runs',
} satisfies Partial<Record<RouteName, string>>
const writes = {
  createAutomation: ['POST', '{path}', { name: 'x', prompt: 'p', model: 'script' }],
  runAutomation: ['POST', '{path}/{id}/tasks', {}],
  updateAutomation: ['PATCH', '{path}/{id}', { name: 'y' }],
  deleteAutomation: ['DELETE', '{path}/{id}', undefined],
} as const satisfies Partial<Record<RouteName, unknown>>
/** Of no repository. */
const ofUsers = ['listAutomations', 'listAutomationTools', 'listAutomationTriggers']

it('tries every operation of the table', () => {
  const all = Object.entries(routes).filter(([, { path }]) => path.includes('/automations'))
  const tried = [...Object.keys(reads), ...Object.keys(writes), ...ofUsers]

  expect(new Set(all.map(([name]) => name))).toEqual(new Set(tried))
})

/** Every operation, as statuses. Deleting comes last. */
async function tryAll(token: string, { path, id }: { path: string; id: string }) {
  const fill = (at: string) => at.replace('{path}', path).replace('{id}', id)
  const read = new Set<number>()
  for (const at of Object.values(reads)) read.add((await server.call(fill(at), { token })).status)
  const written: Record<string, number> = {}
  for (const [name, [method, at, body]] of Object.entries(writes)) {
    const options = { token, method, ...(body !== undefined && { body }) }
    const { status } = await server.call(fill(at), options)
    written[name.replace('Automation', '')] = status
  }
  return { read: [...read], ...written }
}

describe('an automation', () => {
  it('of its creator is theirs', async () => {
    const answers = await tryAll(alice, await anAutomation(undefined))

    expect(answers).toEqual({ read: [200], create: 201, run: 202, update: 200, delete: 204 })
  })

  it.each([
    ['user', 'admin', { update: 200, delete: 204 }],
    ['user', 'write', { update: 403, delete: 403 }],
    ['repository', 'write', { update: 200, delete: 204 }],
  ] as const)(
    'owned by a %s is open to who may %s as %j',
    async (owner_type, permission, rights) => {
      const answers = await tryAll(bob, await anAutomation(permission, { owner_type }))

      expect(answers).toEqual({ read: [200], create: 201, run: 202, ...rights })
    },
  )

  it.each(['read', 'triage'] as const)('is only looked at by who may %s', async (permission) => {
    const answers = await tryAll(bob, await anAutomation(permission, { owner_type: 'repository' }))

    expect(answers).toEqual({ read: [200], create: 403, run: 403, update: 403, delete: 403 })
  })

  it('is not there for anybody else', async () => {
    const answers = await tryAll(bob, await anAutomation(undefined))

    expect(answers).toEqual({ read: [404], create: 404, run: 404, update: 404, delete: 404 })
  })

  it('is not found in another repository', async () => {
    const [one, other] = [await anAutomation(undefined), await anAutomation(undefined)]

    expect((await server.call(`${other.path}/${one.id}`, { token: alice })).status).toBe(404)
  })
})

it.each([
  ['installation', {}, 403],
  ['fine_grained', { agent_tasks: 'read' }, 403],
  ['fine_grained', { agent_tasks: 'write' }, 201],
] as const)('a token of kind %s with %j creates one with %i', async (kind, permissions, status) => {
  const token = server.forge.addToken('alice', { kind, permissions })
  const { path } = await anAutomation(undefined)
  const body = { name: 'x', prompt: 'p', model: 'script' }

  expect((await server.call(path, { token, body })).status).toBe(status)
})

describe('who may only read may run', () => {
  it.each([
    [true, true, 403],
    [true, false, 403],
    [false, true, 403],
    [false, false, 202],
  ])(
    'an automation of a server that requires write access: %j, and says so itself: %j, as %i',
    async (isRequired, require_actor_write_permission, status) => {
      await using strict = await openTestServer(
        { automations: { require_write_access_for_automation_triggers: isRequired } },
        { store: server.store, forge: server.forge },
      )
      const { path, id } = await anAutomation('read', { require_actor_write_permission })

      const answer = await strict.call(`${path}/${id}/tasks`, { token: bob, body: {} })
      expect(answer.status).toBe(status)
    },
  )
})

it('are looked at but neither made, changed nor run where is_automations_enabled is false', async () => {
  await using off = await openTestServer(
    { automations: { is_automations_enabled: false } },
    { store: server.store, forge: server.forge },
  )
  const { path, id } = await anAutomation(undefined)
  const call = (at: string, options: object = {}) => off.call(at, { token: alice, ...options })

  expect((await call(`${path}/${id}`)).status).toBe(200)
  const refused = [
    await call(path, { body: { name: 'x', prompt: 'p' } }),
    await call(`${path}/${id}`, { method: 'PATCH', body: { name: 'y' } }),
    await call(`${path}/${id}/tasks`, { body: {} }),
  ]
  for (const { status, body } of refused) {
    expect([status, body.message]).toEqual([403, expect.stringContaining('is_automations_enabled')])
  }
})

it('are not listed any more to who lost sight of the repository', async () => {
  const name = 'acme/lost'
  const repository = server.forge.addRepository(name, { private: true, members: { bob: 'write' } })
  const body = { name: 'x', prompt: 'p', model: 'script' }
  await server.call(`/agents/repos/${name}/automations`, { token: bob, body })
  const list = async () => (await server.call('/agents/automations', { token: bob })).text
  expect(await list()).toContain(name)

  repository.members = {}

  expect(await list()).not.toContain(name)
})
