import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

// Users, organizations and collaborators, by GitHub's REST API.

let test: TestForge
let ann: string
let bob: string

beforeAll(async () => {
  test = await openTestForge()
  const make = { scopes: ['repo', 'admin:org'] }
  ann = (await test.createUser('ann', make)).token
  bob = (await test.createUser('bob', make)).token
  await test.forge.createRepository({ owner: 'ann', name: 'shop', private: true })
})
afterAll(() => test?.[Symbol.asyncDispose]())

const status = async (method: string, path: string, token: string | null, body?: object) =>
  (await test.call(method, path, { token, ...(body === undefined ? {} : { body }) })).status

describe('a user', () => {
  it('is made by a site administrator, and by nobody else', async () => {
    const made = await test.call<{ login: string; site_admin: boolean }>('POST', '/admin/users', {
      body: { login: 'cleo' },
    })

    expect([made.status, made.json.login, made.json.site_admin]).toEqual([201, 'cleo', false])
    expect(await status('POST', '/admin/users', ann, { login: 'dan' })).toBe(403)
    expect(await status('POST', '/admin/users', null, { login: 'dan' })).toBe(401)
    expect(await status('POST', '/admin/users', test.token, { login: 'cleo' })).toBe(422)
    expect(await status('POST', '/admin/users', test.token, { login: 'admin' })).toBe(422)
    expect(await status('POST', '/admin/users', test.token, {})).toBe(422)
  })
})

describe('a collaborator', () => {
  const path = '/repos/ann/shop/collaborators'

  it('may what they were let, until they may not any more', async () => {
    const before = await status('GET', '/repos/ann/shop', bob)
    const added = await status('PUT', `${path}/bob`, ann, { permission: 'pull' })
    const read = await status('GET', '/repos/ann/shop', bob)
    const changed = await status('PUT', `${path}/BOB`, ann, {})
    const { json } = await test.call<{ permission: string }>('GET', `${path}/bob/permission`)
    const listed = await test.call<{ login: string; role_name: string }[]>('GET', path, {
      token: ann,
    })
    const removed = await status('DELETE', `${path}/bob`, ann)
    const after = await status('GET', '/repos/ann/shop', bob)

    expect([before, added, read, changed, removed, after]).toEqual([404, 204, 200, 204, 204, 404])
    expect(json.permission).toBe('write')
    expect(listed.json.map(({ login, role_name }) => [login, role_name])).toEqual([
      ['ann', 'admin'],
      ['bob', 'write'],
    ])
  })

  it('is let in by an administrator of the repository alone', async () => {
    await test.forge.addCollaborator('ann/shop', (await test.createUser('writer')).id, 'write')
    const lesser = await test.forge.createToken({
      user: (await test.forge.authenticate(ann))!.user,
      kind: 'fine_grained',
      permissions: { contents: 'write' },
    })

    expect(await status('PUT', `${path}/bob`, bob)).toBe(404)
    expect(await status('PUT', `${path}/bob`, null)).toBe(404)
    expect(await status('PUT', `${path}/bob`, lesser)).toBe(403)
    expect(await status('PUT', `${path}/nobody`, ann)).toBe(404)
    expect(await status('PUT', `${path}/bob`, ann, { permission: 'own' })).toBe(422)
  })
})

describe('who belongs to an organization', () => {
  it('is said by its admins, of whom one stays', async () => {
    const made = await status('POST', '/admin/organizations', test.token, {
      login: 'works',
      admin: 'ann',
    })
    await test.forge.createRepository({ owner: 'works', name: 'site', private: true })
    const path = '/orgs/works/memberships'

    const stranger = await status('PUT', `${path}/bob`, bob)
    const hidden = await status('GET', `${path}/ann`, bob)
    const added = await test.call<{ role: string; state: string }>('PUT', `${path}/bob`, {
      token: ann,
      body: {},
    })
    const asMember = await status('PUT', `${path}/bob`, bob, { role: 'admin' })
    const sees = await status('GET', '/repos/works/site', bob)
    const known = await test.call<{ role: string }>('GET', `${path}/ann`, { token: bob })
    const last = [
      await status('DELETE', `${path}/ann`, ann),
      await status('PUT', `${path}/ann`, ann, { role: 'member' }),
    ]
    const raised = await status('PUT', `${path}/bob`, ann, { role: 'admin' })
    const left = await status('DELETE', `${path}/ann`, ann)
    const gone = await status('GET', '/repos/works/site', ann)

    expect([made, stranger, hidden, asMember, sees]).toEqual([201, 403, 404, 403, 200])
    expect(added.json).toMatchObject({ role: 'member', state: 'active' })
    expect(known.json.role).toBe('admin')
    expect([...last, raised, left, gone]).toEqual([403, 403, 200, 204, 404])
  })

  it('needs a token for it', async () => {
    await test.forge.createOrganization({
      login: 'guild',
      admins: [(await test.forge.authenticate(ann))!.user.id],
    })
    const user = (await test.forge.authenticate(ann))!.user
    const make = (token: object) => test.forge.createToken({ user, kind: 'classic', ...token })
    const path = '/orgs/guild/memberships/bob'

    expect(await status('PUT', path, await make({ scopes: ['repo', 'read:org'] }))).toBe(403)
    expect(await status('PUT', path, await make({ kind: 'fine_grained' }))).toBe(403)
    expect(await status('PUT', path, null)).toBe(401)
    const members = { kind: 'fine_grained', permissions: { members: 'write' } }
    expect(await status('PUT', path, await make(members))).toBe(200)
    expect(await status('GET', path, await make({ scopes: ['read:org'] }))).toBe(200)
    expect(await status('PUT', '/orgs/ann/memberships/bob', ann)).toBe(404)
    expect(await status('PUT', '/orgs/guild/memberships/works', ann)).toBe(404)
  })
})
