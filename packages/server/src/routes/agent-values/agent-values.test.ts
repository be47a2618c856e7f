import { placeOfValue, sealBox } from '@errand/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'

let server: TestServer
let alice: string
let bob: string
let org: string
let id: number
let repo: string

beforeAll(async () => {
  server = await openTestServer()
  const scopes = ['repo', 'admin:org']
  alice = server.forge.addToken('alice', { scopes })
  bob = server.forge.addToken('bob', { scopes })
})
afterAll(() => server?.[Symbol.asyncDispose]())

beforeEach(() => {
  const login = `org-${crypto.randomUUID().slice(0, 8)}`
  server.forge.addOrganization(login, { alice: 'admin', bob: 'member' })
  const members = { alice: 'admin', bob: 'write', carol: 'read' } as const
  id = server.forge.addRepository(`${login}/shop`, { members, private: true }).id
  org = `/orgs/${login}`
  repo = `/repos/${login}/shop`
})

/** What some answer or other holds. */
interface Answered {
  [field: string]: unknown
  key: string
  key_id: string
  name: string
  action: string
  total_count: number
  data: { after: unknown }
  secrets: { name: string }[]
  variables: { name: string }[]
  errors?: { field: string }[]
}

interface Asked {
  token?: string
  method?: string
  body?: unknown
}

async function ask(at: string, { token = alice, ...options }: Asked = {}) {
  const { body, ...answer } = await server.call(at, { token, ...options })
  return { ...answer, body: (body ?? {}) as unknown as Answered }
}

async function seal(text: string, of = repo) {
  const { body } = await ask(`${of}/agents/secrets/public-key`)
  return { key_id: body.key_id, encrypted_value: await sealBox(text, body.key) }
}

async function putSecret(name: string, text: string, more: object = {}, of = repo) {
  const body = { ...(await seal(text, of)), ...more }
  return await ask(`${of}/agents/secrets/${name}`, { method: 'PUT', body })
}

const post = (path: string, body: object, more: Asked = {}) =>
  ask(path, { method: 'POST', body, ...more })
const namesOf = ({ body }: { body: Answered }, kind: 'secrets' | 'variables') =>
  body[kind].map(({ name }) => name)
const problemsOf = ({ body: { errors = [] } }: { body: Answered }) =>
  errors.map(({ field }) => field)

describe("a repository's secrets", () => {
  it('are created with 201 and changed with 204, by a name in any case, and never shown', async () => {
    const made = await putSecret('npm_Token', 'first value')
    const changed = await putSecret('NPM_TOKEN', 'second value')
    const one = await ask(`${repo}/agents/secrets/Npm_token`)
    const all = await ask(`${repo}/agents/secrets`)

    expect([made.status, made.body, changed.status]).toEqual([201, {}, 204])
    expect(one.body).toEqual({
      name: 'NPM_TOKEN',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect(all.body).toEqual({ total_count: 1, secrets: [one.body] })
  })

  it('lie in the store sealed, each for its own place', async () => {
    await putSecret('A', 'value-of-a')

    const rows = await server.store.db
      .selectFrom('agent_values')
      .selectAll()
      .where('target_id', '=', id)
      .execute()
    expect(rows.map(({ value }) => value)).toEqual([expect.stringMatching(/^v1\.[0-9a-f]{16}\./)])
    expect(placeOfValue({ target_type: 'repository', target_id: id }, 'A')).toBe(
      `agent-secrets/repository/${id}/A`,
    )
    const [key] = await server.store.db.selectFrom('sealed_box_key').selectAll().execute()
    expect(key?.sealed).toMatch(/^v1\.[0-9a-f]{16}\./)
  })

  it('are thirty on a page, and the link leads to the next', async () => {
    const sealed = await seal('v')
    for (let at = 10; at < 43; at += 1) {
      await ask(`${repo}/agents/secrets/S${at}`, { method: 'PUT', body: sealed })
    }

    const first = await ask(`${repo}/agents/secrets`)
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await ask(next.replace(server.url, ''))

    expect(first.body.total_count).toBe(33)
    expect(namesOf(first, 'secrets')).toHaveLength(30)
    expect(namesOf(second, 'secrets')).toEqual(['S40', 'S41', 'S42'])
  })

  it.each(['1A', 'GITHUB_TOKEN', 'github_x', 'A-B', 'A%20B', 'Ä', 'A'.repeat(256)])(
    'are not called %s',
    async (name) => {
      const answer = await putSecret(name, 'v')

      expect([answer.status, problemsOf(answer)]).toEqual([422, ['secret_name']])
      expect((await ask(`${repo}/agents/secrets/${name}`)).status).toBe(404)
    },
  )

  it('are taken only as they were sealed, with the present key, as what a variable can hold', async () => {
    const { key_id, encrypted_value } = await seal('v')
    const put = (body: object) => ask(`${repo}/agents/secrets/A`, { method: 'PUT', body })
    const other = { key_id: '0123', encrypted_value }
    const broken = Buffer.from(encrypted_value, 'base64')
    broken[40] = (broken[40] ?? 0) ^ 1

    expect(problemsOf(await put(other))).toEqual(['key_id'])
    for (const value of [
      broken.toString('base64'),
      Buffer.from('no box').toString('base64'),
      'not base64!',
      (await seal('a\0b')).encrypted_value,
      (await seal('x'.repeat(48 * 1024 + 1))).encrypted_value,
    ]) {
      const answer = await put({ key_id, encrypted_value: value })
      expect([answer.status, problemsOf(answer)]).toEqual([422, ['encrypted_value']])
    }
    expect((await put(await seal('x'.repeat(48 * 1024)))).status).toBe(201)
    expect((await put({ key_id })).status).toBe(422)
  })

  it('are a hundred at most', async () => {
    const sealed = await seal('v')
    const put = (name: string) =>
      ask(`${repo}/agents/secrets/${name}`, { method: 'PUT', body: sealed })
    const rows = Array.from({ length: 99 }, (_, at) => ({
      kind: 'secret' as const,
      target_type: 'repository' as const,
      target_id: id,
      name: `S${at}`,
      value: 'v1.x.y',
      visibility: null,
      created_at: new Date(),
      updated_at: new Date(),
    }))
    await server.store.db.insertInto('agent_values').values(rows).execute()

    expect([await put('A'), await put('B'), await put('A')].map(({ status }) => status)).toEqual([
      201, 422, 204,
    ])
  })

  it('are deleted once', async () => {
    await putSecret('A', 'v')
    const remove = () => ask(`${repo}/agents/secrets/a`, { method: 'DELETE' })

    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404])
    expect((await ask(`${repo}/agents/secrets/A`)).status).toBe(404)
  })
})

describe("a repository's variables", () => {
  const path = () => `${repo}/agents/variables`

  it('are created with 201, once, read with their value, changed and renamed with 204', async () => {
    const made = await post(path(), { name: 'mode', value: 'fast' })
    const again = await post(path(), { name: 'MODE', value: 'slow' })
    await post(path(), { name: 'OTHER', value: '' })
    const patch = (name: string, body: object) =>
      ask(`${path()}/${name}`, { method: 'PATCH', body })
    const changed = await patch('MODE', { value: 'slow' })
    const taken = await patch('MODE', { name: 'other' })
    const renamed = await patch('MODE', { name: 'pace' })

    expect([made.status, again.status, changed.status, taken.status, renamed.status]).toEqual([
      201, 409, 204, 409, 204,
    ])
    expect((await ask(`${path()}/PACE`)).body).toMatchObject({ name: 'PACE', value: 'slow' })
    expect((await ask(`${path()}/MODE`)).status).toBe(404)
    expect((await patch('MODE', { value: 'x' })).status).toBe(404)
    expect(namesOf(await ask(path()), 'variables')).toEqual(['OTHER', 'PACE'])
  })

  it('are ten on a page', async () => {
    for (let at = 10; at < 22; at += 1) await post(path(), { name: `V${at}`, value: 'v' })

    const first = await ask(path())

    expect([first.body.total_count, namesOf(first, 'variables').length]).toEqual([12, 10])
    expect(first.headers.get('link')).toContain('rel="next"')
    expect(namesOf(await ask(`${path()}?per_page=5&page=3`), 'variables')).toEqual(['V20', 'V21'])
  })

  it.each([
    ['name', { name: '1A', value: 'v' }],
    ['name', { name: 'GITHUB_A', value: 'v' }],
    ['value', { name: 'A', value: 'a\0b' }],
    ['value', { name: 'A', value: 'ä'.repeat(24 * 1024 + 1) }],
    ['value', { name: 'A' }],
  ])('say what is wrong with %s', async (field, body) => {
    const answer = await post(path(), body)

    expect([answer.status, problemsOf(answer)]).toEqual([422, [field]])
  })
})

describe("an organization's", () => {
  it('reach the repositories that their visibility says', async () => {
    const login = org.slice('/orgs/'.length)
    const open = server.forge.addRepository(`${login}/open`, { members: { alice: 'admin' } })
    const set = (name: string, body: object) => putSecret(name, 'v', body, org)
    await set('EVERYWHERE', { visibility: 'all' })
    await set('PRIVATELY', { visibility: 'private' })
    await set('CHOSEN', { visibility: 'selected', selected_repository_ids: [open.id] })
    await post(`${org}/agents/variables`, { name: 'V', value: 'v', visibility: 'private' })
    const of = async (path: string, kind: 'secrets' | 'variables') =>
      namesOf(await ask(`${path}/agents/organization-${kind}`), kind)

    expect(await of(repo, 'secrets')).toEqual(['EVERYWHERE', 'PRIVATELY'])
    expect(await of(`/repos/${open.full_name}`, 'secrets')).toEqual(['CHOSEN', 'EVERYWHERE'])
    expect(await of(repo, 'variables')).toEqual(['V'])
    expect(await of(`/repos/${open.full_name}`, 'variables')).toEqual([])
    expect((await ask(`${org}/agents/secrets/chosen`)).body).toMatchObject({
      visibility: 'selected',
      selected_repositories_url: `${server.url}${org}/agents/secrets/CHOSEN/repositories`,
    })
  })

  it.each(['secrets', 'variables'] as const)(
    '%s name the repositories that are selected',
    async (kind) => {
      const one = `${org}/agents/${kind}/A`
      const make = async (visibility: string) =>
        kind === 'secrets'
          ? await putSecret('A', 'v', { visibility }, org)
          : await post(`${org}/agents/variables`, { name: 'A', value: 'v', visibility })
      await make('selected')
      const stranger = server.forge.addRepository(`other-${id}/x`, { members: { alice: 'admin' } })
      const put = (at: string, body?: object) => ask(`${one}${at}`, { method: 'PUT', body })

      const added = await put(`/repositories/${id}`)
      const listed = await ask(`${one}/repositories`)
      const refused = [
        await put(`/repositories/${stranger.id}`),
        await put('/repositories', { selected_repository_ids: [id, stranger.id] }),
      ]
      const removed = await ask(`${one}/repositories/${id}`, { method: 'DELETE' })
      const empty = await ask(`${one}/repositories`)
      const set = await put('/repositories', { selected_repository_ids: [id, id] })

      expect([added.status, removed.status, set.status]).toEqual([204, 204, 204])
      expect(listed.body).toMatchObject({ total_count: 1, repositories: [{ id }] })
      expect(refused.map(({ status }) => status)).toEqual([404, 422])
      expect(empty.body).toEqual({ total_count: 0, repositories: [] })
      expect((await ask(`${one}/repositories`)).body.total_count).toBe(1)

      // No longer selected: what was chosen is forgotten, and nothing can be.
      if (kind === 'secrets') await putSecret('A', 'v', { visibility: 'all' }, org)
      else await ask(one, { method: 'PATCH', body: { visibility: 'all' } })
      const conflicts = [
        await ask(`${one}/repositories`),
        await put(`/repositories/${id}`),
        await put('/repositories', { selected_repository_ids: [] }),
        await ask(`${one}/repositories/${id}`, { method: 'DELETE' }),
      ]
      expect(conflicts.map(({ status }) => status)).toEqual([409, 409, 409, 409])
      expect((await ask(`${org}/agents/${kind}/B/repositories`)).status).toBe(404)
    },
  )

  it('select nothing where all are meant, and say so', async () => {
    const more = { visibility: 'all', selected_repository_ids: [id] }
    const answer = await putSecret('A', 'v', more, org)

    expect([answer.status, problemsOf(answer)]).toEqual([422, ['selected_repository_ids']])
    expect((await ask(`${org}/agents/secrets`)).body.total_count).toBe(0)
  })
})

it('every change is written down, and no value', async () => {
  await putSecret('A', 'hidden-value')
  await putSecret('A', 'hidden-again')
  await ask(`${repo}/agents/secrets/A`, { method: 'DELETE' })
  await post(`${org}/agents/variables`, { name: 'V', value: 'plain-value', visibility: 'selected' })
  await ask(`${org}/agents/variables/V/repositories/${id}`, { method: 'PUT' })

  const log = (await ask(`${org}/audit-log?order=asc`)).body as unknown as Answered[]

  expect(log.map(({ action }) => action)).toEqual([
    'repo.create_agents_secret',
    'repo.update_agents_secret',
    'repo.remove_agents_secret',
    'org.create_agents_variable',
    'org.update_agents_variable',
  ])
  expect(log.at(-1)?.data.after).toEqual({
    name: 'V',
    visibility: 'selected',
    selected_repository_ids: [id],
  })
  expect(JSON.stringify(log)).not.toMatch(/hidden|plain-value|v1\./)
})

describe('who may look and who may change', () => {
  it.each([
    ['alice', [200, 200, 200, 201, 200, 200]],
    ['bob', [200, 200, 200, 403, 403, 403]],
    ['carol', [200, 403, 403, 403, 404, 404]],
    ['dave', [404, 404, 404, 404, 404, 404]],
  ])('%s is answered with %j', async (login, statuses) => {
    const token = server.forge.addToken(login, { scopes: ['repo', 'admin:org'] })
    const answers = [
      await ask(`${repo}/agents/secrets/public-key`, { token }),
      await ask(`${repo}/agents/secrets`, { token }),
      await ask(`${repo}/agents/organization-variables`, { token }),
      await post(`${repo}/agents/variables`, { name: 'A', value: 'v' }, { token }),
      await ask(`${org}/agents/secrets/public-key`, { token }),
      await ask(`${org}/agents/variables`, { token }),
    ]

    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  it.each([
    [{ kind: 'classic', scopes: [] }, [404, 403, 403]],
    [{ kind: 'classic', scopes: ['repo'] }, [200, 200, 403]],
    [{ kind: 'fine_grained', permissions: { secrets: 'read' } }, [200, 200, 403]],
    [{ kind: 'fine_grained', permissions: { organization_secrets: 'read' } }, [200, 403, 200]],
    [{ kind: 'installation', permissions: { variables: 'write' } }, [200, 403, 403]],
  ] as const)('a token of %j is answered with %j', async (token, statuses) => {
    const { scopes, permissions, kind } = { scopes: [], permissions: {}, ...token }
    const secret = server.forge.addToken('alice', { kind, scopes: [...scopes], permissions })

    const answers = [
      await ask(`${repo}/agents/secrets/public-key`, { token: secret }),
      await ask(`${repo}/agents/secrets`, { token: secret }),
      await ask(`${org}/agents/secrets`, { token: secret }),
    ]

    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  it('the key of a public repository is for any token', async () => {
    const login = org.slice('/orgs/'.length)
    const { full_name: name } = server.forge.addRepository(`${login}/open`)
    const token = server.forge.addToken('dave', { scopes: [] })

    expect((await ask(`/repos/${name}/agents/secrets/public-key`, { token })).status).toBe(200)
    expect((await ask(`/repos/${name}/agents/secrets`, { token })).status).toBe(403)
    expect((await ask(`${repo}/agents/secrets`, { token: bob })).status).toBe(200)
  })
})
