import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openForge } from '../forge.ts'
import type { NewToken } from '../identity/tokens.ts'
import { eventually } from '../testing/eventually.ts'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

interface Made {
  id: number
  token: string
  message?: string
  errors?: { field: string }[]
}

let test: TestForge
let ann: { id: number; login: string; token: string }
let bob: { id: number; login: string; token: string }

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()
const inTwoHours = () => new Date(Date.now() + 7_200_000).toISOString()

beforeAll(async () => {
  test = await openTestForge()
  ann = await test.createUser('ann', { scopes: ['repo', 'user'] })
  bob = await test.createUser('bob')
  await test.forge.createRepository({ owner: 'ann', name: 'one', private: true })
  await test.forge.createRepository({ owner: 'ann', name: 'two', private: true })
  await test.forge.createRepository({ owner: 'bob', name: 'secret', private: true })
})
afterAll(() => test?.[Symbol.asyncDispose]())

async function make(token: string | null, body: object, path = '/user/tokens') {
  return await test.call<Made>('POST', path, { token, body })
}

async function list(token: string, path = '/user/tokens?per_page=100') {
  return (await test.call<Record<string, unknown>[]>('GET', path, { token })).json
}

describe('a token made by a token', () => {
  it('is shown once, works, and is listed without its secret', async () => {
    const { status, headers, json } = await make(ann.token, {
      kind: 'fine_grained',
      name: 'ci',
      permissions: { agent_tasks: 'write', contents: 'read' },
      repositories: ['ann/one'],
      expires_at: inAnHour(),
    })

    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    expect(json.token).toMatch(/^github_pat_/)
    expect(await test.forge.authenticate(json.token)).toMatchObject({
      user: { login: 'ann' },
      token: { kind: 'fine_grained', permissions: { agent_tasks: 'write', contents: 'read' } },
    })
    const one = await test.call('GET', '/repos/ann/one', { token: json.token })
    const two = await test.call('GET', '/repos/ann/two', { token: json.token })
    expect([one.status, two.status]).toEqual([200, 404])
    const listed = await list(ann.token)
    expect(listed.find(({ id }) => id === json.id)).toMatchObject({
      name: 'ci',
      kind: 'fine_grained',
      user: { login: 'ann' },
      repository_selection: 'selected',
      repositories: ['ann/one'],
      expired: false,
    })
    expect(JSON.stringify(listed)).not.toContain(json.token)
    expect(JSON.stringify(listed)).not.toContain('hash')
  })

  it('is of the kind asked for, with what is usual to it', async () => {
    const kinds = ['classic', 'fine_grained', 'oauth', 'user_to_server', 'installation']

    const made = await Promise.all(kinds.map((kind) => make(ann.token, { kind })))

    expect(made.map(({ json }) => json.token.replace(/_[\w-]{36}$/, ''))).toEqual([
      'ghp',
      'github_pat',
      'gho',
      'ghu',
      'ghs',
    ])
  })

  it.each([
    ['name', { name: 'two\nlines' }],
    ['name', { name: '' }],
    ['kind', { kind: 'golden' }],
    ['scopes', { kind: 'classic', scopes: ['everything'] }],
    ['scopes', { kind: 'fine_grained', scopes: ['repo'] }],
    ['permissions', { kind: 'classic', permissions: { contents: 'read' } }],
    ['permissions', { permissions: { everything: 'read' } }],
    ['permissions', { permissions: { constructor: 'read' } }],
    ['permissions.contents', { permissions: { contents: 'admin' } }],
    ['repositories', { repositories: ['ann/none'] }],
    ['repositories', { repositories: [] }],
    ['repositories', { kind: 'classic', repositories: ['ann/one'] }],
    ['expires_at', { expires_at: 'tomorrow' }],
    ['expires_at', { expires_at: '2020-01-01T00:00:00Z' }],
  ])('is refused with a wrong %s: %j', async (field, body) => {
    const { status, json } = await make(ann.token, body)

    expect([status, json.errors?.[0]?.field]).toEqual([422, field])
  })
})

/** What each maker may not hand on, and what it may. `undefined` is made, else the status. */
describe('no token makes one that can do more than itself', () => {
  const makers = {
    repo: { scopes: ['repo'] },
    'public only': { scopes: ['public_repo'] },
    'no scope': { scopes: [] },
    org: { scopes: ['admin:org'] },
    'for an hour': { scopes: ['repo'], expires_at: inAnHour() },
    fine_grained: { kind: 'fine_grained', permissions: { contents: 'write' } },
    oauth: { kind: 'oauth', scopes: ['repo'] },
    user_to_server: { kind: 'user_to_server', permissions: { contents: 'write' } },
    installation: { kind: 'installation', permissions: { contents: 'write' } },
  } satisfies Record<string, Partial<NewToken>>
  const classic = (...scopes: string[]) => ({ kind: 'classic', scopes })
  const fine = (permissions: object) => ({ kind: 'fine_grained', permissions })

  it.each<[keyof typeof makers, object, number]>([
    ['repo', classic('repo'), 201],
    ['repo', classic('public_repo', 'repo:status'), 201],
    ['repo', { kind: 'oauth', scopes: ['repo'] }, 201],
    ['repo', fine({ agent_tasks: 'write', administration: 'write' }), 201],
    ['repo', classic('repo', 'admin:org'), 403],
    ['repo', classic('site_admin'), 403],
    ['repo', { kind: 'oauth', scopes: ['user'] }, 403],
    ['repo', fine({ members: 'read' }), 403],
    ['repo', { kind: 'installation', permissions: { organization_hooks: 'write' } }, 403],
    ['repo', { repositories: ['bob/secret'] }, 422],
    ['public only', classic('public_repo'), 201],
    ['public only', classic('repo'), 403],
    // Not even by leaving out what is the default.
    ['public only', { kind: 'classic' }, 403],
    ['public only', fine({ contents: 'read' }), 403],
    ['public only', { kind: 'user_to_server', permissions: { contents: 'read' } }, 403],
    ['public only', { repositories: ['ann/one'] }, 422],
    ['no scope', classic(), 201],
    ['no scope', fine({}), 201],
    ['no scope', classic('gist'), 403],
    ['org', classic('read:org'), 201],
    ['org', fine({ members: 'write' }), 201],
    ['org', classic('repo'), 403],
    ['org', fine({ contents: 'read' }), 403],
    ['for an hour', { kind: 'classic' }, 201],
    ['for an hour', { kind: 'classic', expires_at: inTwoHours() }, 403],
    ['fine_grained', fine({}), 403],
    ['oauth', classic(), 403],
    ['user_to_server', fine({ contents: 'read' }), 403],
    ['installation', fine({ contents: 'read' }), 403],
  ])('%s asked for %j answers %i', async (maker, body, status) => {
    const token = await test.forge.createToken({ user: ann, kind: 'classic', ...makers[maker] })

    expect((await make(token, body)).status).toBe(status)
  })

  it('and none that outlives it, whatever it leaves out', async () => {
    const expires_at = inAnHour()
    const token = await test.forge.createToken({ user: ann, kind: 'classic', expires_at })

    const { json } = await make(token, { kind: 'classic' })

    expect((await test.forge.authenticate(json.token))?.token.expires_at).toBe(expires_at)
  })

  it('nor one for other repositories than those it is for itself', async () => {
    const { id } = (await test.call<{ id: number }>('GET', '/repos/ann/one')).json
    const token = await test.forge.createToken({
      user: ann,
      kind: 'classic',
      repository_ids: [id],
    })

    const inherited = await make(token, { permissions: { contents: 'read' } })
    const other = await make(token, { repositories: ['ann/two'] })

    const two = await test.call('GET', '/repos/ann/two', { token: inherited.json.token })
    expect([inherited.status, two.status, other.status]).toEqual([201, 404, 422])
  })
})

describe('tokens of others', () => {
  it('are made, listed and revoked by a site administrator', async () => {
    const made = await make(test.token, { kind: 'classic' }, '/admin/users/bob/tokens')
    const ofBob = await list(test.token, '/admin/tokens?user=bob')
    const one = await test.call('DELETE', `/admin/tokens/${made.json.id}`)
    const again = await test.call('DELETE', `/admin/tokens/${made.json.id}`)

    expect(made.status).toBe(201)
    expect(ofBob.map(({ id }) => id)).toContain(made.json.id)
    expect(ofBob.every(({ user }) => (user as { login: string }).login === 'bob')).toBe(true)
    expect([one.status, again.status]).toEqual([204, 404])
    expect(await test.forge.authenticate(made.json.token)).toBeUndefined()
  })

  it('are not for anybody else, nor for a lesser token of an administrator', async () => {
    const owner = await test.forge.authenticate(test.token)
    const lesser = await Promise.all([
      test.forge.createToken({ user: owner!.user, kind: 'classic' }),
      test.forge.createToken({ user: owner!.user, kind: 'oauth', scopes: ['site_admin'] }),
      test.forge.createToken({ user: owner!.user, kind: 'fine_grained' }),
    ])

    for (const token of [ann.token, ...lesser]) {
      const statuses = await Promise.all([
        make(token, { kind: 'classic' }, '/admin/users/bob/tokens'),
        test.call('GET', '/admin/tokens', { token }),
        test.call('DELETE', '/admin/tokens/1', { token }),
        test.call('POST', '/admin/organizations', { token, body: { login: 'mine' } }),
      ])
      expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 403])
    }
  })

  it('are not there for their owner’s own routes', async () => {
    const [ofBob] = await list(bob.token)

    const { status } = await test.call('DELETE', `/user/tokens/${String(ofBob?.id)}`, {
      token: ann.token,
    })

    expect(status).toBe(404)
    expect(await test.forge.authenticate(bob.token)).toBeDefined()
  })

  it('do not hold that of the server’s own runner', async () => {
    const all = await list(test.token, '/admin/tokens?per_page=100')

    expect(all.map(({ user }) => (user as { login: string }).login)).not.toContain('errand[bot]')
  })

  it('need somebody to be asked for', async () => {
    const statuses = await Promise.all([
      make(null, {}),
      test.call('GET', '/user/tokens', { token: null }),
      make(test.token, {}, '/admin/users/nobody/tokens'),
      make(test.token, {}, '/admin/users/errand%5Bbot%5D/tokens'),
    ])

    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 404, 422])
  })
})

describe('the record of a token', () => {
  it('says to the hour when it was last used, at the cost of one write in an hour', async () => {
    const { json } = await make(ann.token, { kind: 'classic', name: 'used' })
    const usedAt = async () => (await list(ann.token)).find(({ id }) => id === json.id)

    const hourOf = (at: Date) => `${at.toISOString().slice(0, 13)}:00:00.000Z`
    expect((await usedAt())?.last_used_at).toBeNull()
    const before = new Date()
    for (let n = 0; n < 20; n += 1) await test.call('GET', '/user', { token: json.token })

    await eventually(async () => {
      // The hour may turn meanwhile.
      expect([hourOf(before), hourOf(new Date())]).toContain((await usedAt())?.last_used_at)
    })
  })

  it('is completed where it was stored before tokens had ids, and goes a week after its end', async () => {
    const dataDir = join(test.folder, 'old')
    const options = { dataDir, log: { info() {}, warn() {} }, publicUrl: () => '' }
    const before = await openForge(options)
    const user = await before.createUser({ login: 'ann' })
    const secret = await before.createToken({ user, kind: 'classic' })
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
    const tokens = join(dataDir, 'forge', 'tokens')
    const known = new Set(await readdir(tokens))
    await before.createToken({ user, kind: 'oauth', expires_at: daysAgo(6) })
    await before.createToken({ user, kind: 'oauth', expires_at: daysAgo(8) })
    await before.close()
    for (const file of known) {
      const { id: _, name: __, ...old } = JSON.parse(await readFile(join(tokens, file), 'utf8'))
      await writeFile(join(tokens, file), JSON.stringify(old))
    }

    await using after = await openForge(options)

    expect((await after.authenticate(secret))?.user.login).toBe('ann')
    const files = (await readdir(tokens)).filter((name) => name.endsWith('.json'))
    const texts = await Promise.all(files.map((file) => readFile(join(tokens, file), 'utf8')))
    const stored = texts.map((text) => JSON.parse(text) as { id: number; expires_at?: string })
    expect(stored.every(({ id }) => id > 0)).toBe(true)
    expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length)
    expect(stored.filter((token) => token.expires_at !== undefined)).toHaveLength(1)
    await after.close()
    await rm(dataDir, { recursive: true })
  })
})
