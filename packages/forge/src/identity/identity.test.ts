import type { Caller, TokenKind } from '@errand/contract'
import { ErrandError } from '@errand/contract'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedForge, openForge } from '../forge.ts'
import { requirePermission, type TokenNeed } from './permissions.ts'

let folder: string
let forge: EmbeddedForge
let nextUser = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-identity-'))
  const log = { info() {}, warn() {} }
  forge = await openForge({ dataDir: folder, log, publicUrl: () => 'http://localhost' })
})
afterAll(async () => {
  await forge.close()
  await rm(folder, { recursive: true, force: true })
})

async function aUser() {
  nextUser += 1
  return await forge.createUser({ login: `user-${nextUser}` })
}

async function callerOf(token: string): Promise<Caller> {
  const caller = await forge.authenticate(token)
  if (caller === undefined) throw new Error('unknown token')
  return caller
}

describe('a token', () => {
  it.each<[TokenKind, string]>([
    ['classic', 'ghp_'],
    ['fine_grained', 'github_pat_'],
    ['oauth', 'gho_'],
    ['user_to_server', 'ghu_'],
    ['installation', 'ghs_'],
  ])('of the kind %s begins with %s and tells its owner', async (kind, prefix) => {
    const user = await aUser()

    const secret = await forge.createToken({ user, kind })

    expect(secret).toMatch(new RegExp(`^${prefix}[\\w-]{36,}$`))
    expect(await forge.authenticate(secret)).toMatchObject({
      user: { id: user.id, login: user.login, type: 'User' },
      token: { kind },
      isSiteAdmin: false,
    })
  })

  it('is unknown before it was made, after it expired and after it was revoked', async () => {
    const user = await aUser()
    const past = new Date(Date.now() - 1).toISOString()
    const expired = await forge.createToken({ user, kind: 'classic', expires_at: past })
    const revoked = await forge.createToken({ user, kind: 'classic' })
    await forge.revokeToken(revoked)

    expect(await forge.authenticate('ghp_never')).toBeUndefined()
    expect(await forge.authenticate('')).toBeUndefined()
    expect(await forge.authenticate(expired)).toBeUndefined()
    expect(await forge.authenticate(revoked)).toBeUndefined()
  })

  it.each([
    ['expires_at', { expires_at: 'tomorrow' }],
    ['secret', { secret: 'with space' }],
    ['secret', { secret: 'short' }],
  ])('is refused with a wrong %s', async (field, options) => {
    const user = await aUser()

    const refused = forge.createToken({ user, kind: 'classic', ...options })

    await expect(refused).rejects.toMatchObject({ errors: [{ field }] })
  })
})

describe('the first owner', () => {
  it('is made once, with each token that is asked for', async () => {
    const [one, two] = [await forge.ensureSiteAdmin(), await forge.ensureSiteAdmin()]
    const given = await forge.ensureSiteAdmin('a-token-of-one’s-own'.replace('’', '-'))

    const owners = [await callerOf(one), await callerOf(two), await callerOf(given)]

    expect(new Set(owners.map(({ user }) => user.id)).size).toBe(1)
    expect(owners[0]).toMatchObject({ user: { login: 'owner' }, isSiteAdmin: true })
  })
})

describe('an account', () => {
  it.each(['', '-a', 'a-', 'a--b', 'a_b', 'a/b', '..', 'a b', 'x'.repeat(40), 'a\u0000'])(
    'may not be called %j',
    async (login) => {
      await expect(forge.createUser({ login })).rejects.toMatchObject({
        errors: [{ field: 'login' }],
      })
    },
  )

  it.each(['api', 'Agents', 'repos', 'LOGIN'])(
    'may not take the path of the API %s',
    async (login) => {
      await expect(forge.createUser({ login })).rejects.toThrow('Validation Failed')
    },
  )

  it('takes a name once, whatever its case, also when two ask at once', async () => {
    const asked = ['Twin', 'twin', 'TWIN'].map((login) => forge.createUser({ login }))

    const made = (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')

    expect(made).toHaveLength(1)
  })
})

it('a repository’s name is taken once, also when two ask at once', async () => {
  const { login: owner } = await aUser()
  const asked = ['site', 'Site'].map((name) => forge.createRepository({ owner, name }))

  const made = (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')

  expect(made).toHaveLength(1)
  expect(
    forge.listRepositories().filter((item) => item.full_name.startsWith(`${owner}/`)),
  ).toHaveLength(1)
})

describe('what one may do in a repository', () => {
  it('follows from owning it, from a role in its organization and from being invited', async () => {
    const [boss, member, guest, stranger] = [
      await aUser(),
      await aUser(),
      await aUser(),
      await aUser(),
    ]
    await forge.createOrganization({ login: 'works', admins: [boss.id] })
    await forge.setMember('works', member.id, 'member')
    await forge.createRepository({ owner: 'works', name: 'open' })
    await forge.createRepository({ owner: 'works', name: 'closed', private: true })
    await forge.addCollaborator('works/closed', guest.id, 'triage')

    const seen = async (user: { id: number }, repo: string) => {
      const caller = await callerOf(await forge.createToken({ user, kind: 'classic' }))
      return (await forge.repository(caller, { owner: 'WORKS', repo }))?.permission
    }

    expect(
      await Promise.all([boss, member, guest, stranger].map((user) => seen(user, 'closed'))),
    ).toEqual(['admin', 'read', 'triage', undefined])
    expect(await seen(stranger, 'OPEN')).toBe('read')
    await forge.setMember('works', member.id, undefined)
    expect(await seen(member, 'closed')).toBeUndefined()
  })

  it('is nothing for a token that is not for it', async () => {
    const user = await aUser()
    const { login: owner } = user
    const one = await forge.createRepository({ owner, name: 'one', private: true })
    await forge.createRepository({ owner, name: 'two', private: true })
    const tokens = {
      unscoped: await forge.createToken({ user, kind: 'classic', scopes: ['public_repo'] }),
      selected: await forge.createToken({
        user,
        kind: 'fine_grained',
        permissions: { contents: 'read' },
        repository_ids: [one.id],
      }),
    }

    const sees = async (token: string, repo: string) =>
      (await forge.repository(await callerOf(token), { owner, repo })) !== undefined

    expect(await sees(tokens.unscoped, 'one')).toBe(false)
    expect(await sees(tokens.selected, 'one')).toBe(true)
    expect(await sees(tokens.selected, 'two')).toBe(false)
  })
})

describe('a token as such', () => {
  const need = (level: 'read' | 'write'): TokenNeed => ({ permissions: ['contents'], level })
  const refusals: [string, Partial<Caller['token']>, TokenNeed, boolean, string | undefined][] = [
    ['classic repo writes private', { scopes: ['repo'] }, need('write'), true, undefined],
    [
      'classic public_repo writes public',
      { scopes: ['public_repo'] },
      need('write'),
      false,
      undefined,
    ],
    [
      'classic public_repo reads private',
      { scopes: ['public_repo'] },
      need('read'),
      true,
      'forbidden',
    ],
    ['classic none reads public', { scopes: [] }, need('read'), false, undefined],
    ['classic none writes public', { scopes: ['gist'] }, need('write'), false, 'forbidden'],
    ['fine-grained none reads public', { kind: 'fine_grained' }, need('read'), false, undefined],
    [
      'fine-grained none reads private',
      { kind: 'fine_grained' },
      need('read'),
      true,
      'token_not_accessible',
    ],
    [
      'fine-grained read writes',
      { kind: 'fine_grained', permissions: { contents: 'read' } },
      need('write'),
      false,
      'token_not_accessible',
    ],
    [
      'fine-grained write reads',
      { kind: 'fine_grained', permissions: { contents: 'write' } },
      need('read'),
      true,
      undefined,
    ],
    [
      'installation of another permission writes',
      { kind: 'installation', permissions: { issues: 'write' } },
      need('write'),
      true,
      'integration_not_accessible',
    ],
    [
      'any permission of several is enough',
      { kind: 'user_to_server', permissions: { issues: 'write' } },
      { permissions: ['issues', 'pull_requests'], level: 'write' },
      true,
      undefined,
    ],
    [
      'all see that it is there',
      { kind: 'fine_grained' },
      { permissions: ['metadata'], level: 'read' },
      true,
      undefined,
    ],
  ]

  it.each(refusals)('%s', (_, token, wanted, isPrivate, refused) => {
    const caller: Caller = {
      user: { id: 1, login: 'a', type: 'User' },
      token: { kind: 'classic', hash: '', scopes: [], permissions: {}, ...token },
      secret: '',
      isSiteAdmin: false,
    }
    let error: unknown
    try {
      requirePermission(caller, wanted, isPrivate)
    } catch (thrown) {
      error = thrown
    }

    expect(error instanceof ErrandError ? error.errorName : error).toBe(refused)
  })
})
