import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let alice: string
let bob: string
const tasks = '/agents/repos/acme/shop/tasks'

beforeAll(async () => {
  server = await openTestServer()
  alice = server.forge.addToken('alice')
  bob = server.forge.addToken('bob')
  for (const name of ['acme/shop', 'acme/paged', 'acme/secret']) {
    server.forge.addRepository(name, { members: { alice: 'write', bob: 'write' } })
  }
})
afterAll(() => server?.[Symbol.asyncDispose]())

async function create(token: string, path = tasks): Promise<{ id: string; creator: number }> {
  const { body } = await server.call(path, { token, body: { prompt: 'p', model: 'script' } })
  return { id: body.id, creator: body.creator?.id ?? 0 }
}

async function listed(path: string, token = alice): Promise<string[]> {
  const { status, body } = await server.call(path, { token })
  expect(status).toBe(200)
  return body.tasks.map(({ id }) => id)
}

it('lists without sessions, and without total_count', async () => {
  await create(alice)

  const { body } = await server.call(tasks, { token: alice })

  expect(Object.keys(body)).toEqual(['tasks', 'total_active_count', 'total_archived_count'])
  expect(body.tasks[0]).toMatchObject({ state: 'queued', archived_at: null })
  expect(body.tasks[0]).not.toHaveProperty('sessions')
})

describe('a filter', () => {
  it.each([
    (a: number, b: number) => `creator_id=${a}&creator_id=${b}`,
    (a: number, b: number) => `creator_id[]=${a}&creator_id[]=${b}`,
    (a: number, b: number) => `creator_id%5B%5D=${a}&creator_id=${b}`,
    (a: number, b: number) => `creator_id=${a},${b}`,
  ])('by creators is read from %s', async (encode) => {
    const [mine, theirs] = [await create(alice), await create(bob)]

    const both = await listed(`${tasks}?${encode(mine.creator, theirs.creator)}`)
    const one = await listed(`${tasks}?${encode(mine.creator, 99_999)}`)

    expect(both).toEqual(expect.arrayContaining([mine.id, theirs.id]))
    expect(one).toContain(mine.id)
    expect(one).not.toContain(theirs.id)
  })

  it('by states takes a comma-separated list', async () => {
    const [queued, cancelled] = [await create(alice), await create(alice)]
    await server.call(`/agents/tasks/${cancelled.id}/cancel`, { token: alice, method: 'POST' })

    const either = await listed('/agents/tasks?state=queued,cancelled')

    expect(await listed('/agents/tasks?state=cancelled,failed')).toContain(cancelled.id)
    expect(await listed('/agents/tasks?state=cancelled')).not.toContain(queued.id)
    expect(either).toEqual(expect.arrayContaining([queued.id, cancelled.id]))
  })

  it('by archived shows either those that are or those that are not', async () => {
    const { id } = await create(alice)
    await server.call(`/agents/tasks/${id}/cancel`, { token: alice, method: 'POST' })
    await server.call(`/agents/tasks/${id}/archive`, { token: alice, method: 'POST' })

    expect(await listed('/agents/tasks?is_archived=true')).toEqual([id])
    expect(await listed('/agents/tasks?is_archived=false')).not.toContain(id)
    expect(await listed('/agents/tasks')).not.toContain(id)
  })

  it('by time includes the moment itself', async () => {
    const { id } = await create(alice)
    const { body } = await server.call(`/agents/tasks/${id}`, { token: alice })
    const since = encodeURIComponent(body.updated_at ?? '')

    expect(await listed(`/agents/tasks?since=${since}`)).toEqual([id])
    expect(await listed('/agents/tasks?since=2100-01-01T00:00:00Z')).toEqual([])
  })

  it.each([
    ['per_page=0', 'per_page'],
    ['per_page=101', 'per_page'],
    ['page=0', 'page'],
    ['page=x', 'page'],
    ['sort=name', 'sort'],
    ['direction=up', 'direction'],
    ['state=asleep', 'state'],
    ['is_archived=perhaps', 'is_archived'],
    ['since=yesterday', 'since'],
    ['creator_id=alice', 'creator_id'],
  ])('%s is refused with 422 that names %s', async (query, field) => {
    const { status, body } = await server.call(`${tasks}?${query}`, { token: alice })

    expect(status).toBe(422)
    expect(body.errors?.map((error) => error.field)).toEqual([field])
  })

  it('that is not known, or empty, is ignored', async () => {
    expect((await server.call(`${tasks}?q=x&state=&page=`, { token: alice })).status).toBe(200)
  })
})

describe('pages', () => {
  const paged = '/agents/repos/acme/paged/tasks'
  let ids: string[]

  beforeAll(async () => {
    ids = []
    for (let n = 0; n < 5; n++) ids.push((await create(alice, paged)).id)
  })

  it.each([
    ['asc', (all: string[]) => all],
    ['desc', (all: string[]) => all.toReversed()],
  ])('come in the order asked for: %s', async (direction, inOrder) => {
    const query = `sort=created_at&direction=${direction}&per_page=2`

    const pages = []
    for (const page of [1, 2, 3, 4]) pages.push(await listed(`${paged}?${query}&page=${page}`))

    expect(pages.map((page) => page.length)).toEqual([2, 2, 1, 0])
    expect(pages.flat()).toEqual(inOrder(ids))
  })

  it.each([
    [1, ['next', 'first']],
    [2, ['prev', 'next', 'first']],
    [3, ['prev', 'last', 'first']],
  ])('link to each other: page %i', async (page, rels) => {
    const path = `/api/v3${paged}?state=queued&creator_id[]=1&per_page=2&page=${page}`

    const { headers } = await server.call(path, { token: alice })

    const links = [...(headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)]
    expect(links.map(([, , rel]) => rel)).toEqual(rels)
    for (const [, href] of links) {
      const { origin, pathname, searchParams } = new URL(href ?? '')
      expect([origin, pathname]).toEqual([server.url, `/api/v3${paged}`])
      expect(Object.fromEntries(searchParams)).toMatchObject({
        state: 'queued',
        'creator_id[]': '1',
        per_page: '2',
      })
    }
  })
})

describe('the tasks of a user', () => {
  it('are theirs, from every repository', async () => {
    const [mine, elsewhere, theirs] = [
      await create(alice),
      await create(alice, '/agents/repos/acme/paged/tasks'),
      await create(bob),
    ]

    const found = await listed('/agents/tasks?per_page=100')

    expect(found).toEqual(expect.arrayContaining([mine.id, elsewhere.id]))
    expect(found).not.toContain(theirs.id)
  })

  it('are not shown of repositories that the user, or the token, may no longer see', async () => {
    const repository = server.forge.addRepository('acme/secret2', { members: { alice: 'write' } })
    const { id } = await create(alice, '/agents/repos/acme/secret2/tasks')
    const narrow = server.forge.addToken('alice', { scopes: ['public_repo'] })
    const seen = async (token: string) => (await listed('/agents/tasks', token)).includes(id)

    const whilePublic = [await seen(alice), await seen(narrow)]
    repository.private = true
    const whilePrivate = [await seen(alice), await seen(narrow)]
    repository.members = {}
    const whenRemoved = await seen(alice)

    expect([whilePublic, whilePrivate, whenRemoved]).toEqual([[true, true], [true, false], false])
  })

  it('carry the present name of a repository that was renamed', async () => {
    const repository = server.forge.addRepository('acme/old', { members: { alice: 'write' } })
    const { id } = await create(alice, '/agents/repos/acme/old/tasks')
    repository.full_name = 'acme/new'

    const { body } = await server.call('/agents/tasks', { token: alice })

    expect(body.tasks.find((task) => task.id === id)?.url).toContain('/repos/acme/new/tasks/')
  })
})
