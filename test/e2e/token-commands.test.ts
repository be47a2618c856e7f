import { createClient } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errand as run, tryErrand } from '../support/errand-process.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

// The commands as docs/tokens.md shows them, against a whole server.

let errand: Errand

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/shop')
  await errand.addRepository('acme/site')
  await errand.forge.createUser({ login: 'ann' })
})
afterAll(() => errand?.[Symbol.asyncDispose]())

const token = (...args: string[]): Promise<string> => run(errand.url, ['token', ...args])
const statusOf = async (secret: string, path: string): Promise<number> =>
  (await fetch(`${errand.url}${path}`, { headers: { authorization: `Bearer ${secret}` } })).status

interface Listed {
  id: number
  name: string
  user: { login: string }
  expires_at: string | null
}
const listed = async (...args: string[]): Promise<Listed[]> =>
  JSON.parse(await token('list', '--json', ...args)) as Listed[]

describe('errand token', () => {
  it('prints the secret alone, which works where it is for and is gone when it is revoked', async () => {
    const may = ['--permission', 'agent_tasks=write', '--permission', 'contents=read']
    const args = ['create', ...may, '-R', 'acme/shop', '--name', 'ci', '--expires', '12h']
    const { stdout, stderr } = await tryErrand(errand.url, ['token', ...args])
    const secret = stdout.trim()

    expect(stdout).toMatch(/^github_pat_[\w-]+\n$/)
    expect(stderr).toContain('agent_tasks=write contents=read; repositories: acme/shop.')
    expect(stderr).not.toContain(secret)
    expect(await statusOf(secret, '/agents/repos/acme/shop/tasks')).toBe(200)
    const found = (await listed()).find(({ name }) => name === 'ci')
    const hours = (Date.parse(found?.expires_at ?? '') - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(11)
    expect(hours).toBeLessThanOrEqual(12)
    expect(await token('list')).not.toContain(secret)

    await token('revoke', String(found?.id))

    expect(await statusOf(secret, '/agents/repos/acme/shop/tasks')).toBe(401)
  })

  it('ends after thirty days unless it is said otherwise', async () => {
    const month = JSON.parse(await token('create', '--json')) as Listed
    const never = JSON.parse(await token('create', '--expires', 'never', '--json')) as Listed

    const days = (Date.parse(month.expires_at ?? '') - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(30)
    expect(never.expires_at).toBeNull()
  })

  it('makes them for others, and lists and revokes those of others', async () => {
    const secret = (await token('create', '--kind', 'classic', '--user', 'ann')).trim()
    const [ofAnn] = await listed('--user', 'ann')
    const user = await createClient({ baseUrl: errand.url, token: secret }).request('GET', '/user')

    expect(((await user.json()) as { login: string }).login).toBe('ann')
    expect(ofAnn?.user.login).toBe('ann')
    expect((await listed()).map(({ id }) => id)).not.toContain(ofAnn?.id)
    await token('revoke', String(ofAnn?.id), '--user', 'ann')
    expect(await listed('--user', 'ann')).toEqual([])
  })

  it('revokes all that are over', async () => {
    const expires_at = new Date(Date.now() - 1000).toISOString()
    const ann = await errand.forge.createUser({ login: 'bea' })
    await errand.forge.createToken({ user: ann, kind: 'classic', expires_at })
    await errand.forge.createToken({ user: ann, kind: 'classic' })

    await token('revoke', '--all-expired', '--user', 'bea')

    expect(await listed('--user', 'bea')).toHaveLength(1)
  })

  it.each([
    [['create', '--permission', 'agent_tasks'], 'name=read or name=write'],
    [['create', '--permission', 'everything=read'], "'everything' is none of"],
    [['create', '--scope', 'repo'], 'a token of kind fine_grained has permissions'],
    [['create', '--kind', 'golden'], 'Allowed choices are'],
    [['create', '--expires', 'soon'], 'like 30d, 12h or 2w'],
    [['create', '-R', 'acme/none'], 'there is no acme/none'],
    [['create', '--user', 'nobody'], 'There is no user nobody.'],
    [['list', '--user', 'nobody'], 'There is no user nobody.'],
    [['revoke', '999999'], 'There is no token 999999 of yours.'],
    [['revoke'], 'Name the ids of tokens, or give --all-expired.'],
    [['revoke', '1', '--all-expired'], 'Name the ids of tokens, or give --all-expired.'],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stderr } = await tryErrand(errand.url, ['token', ...args])

    expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
  })

  it('says where GitHub’s tokens are made', async () => {
    const { code, stderr } = await tryErrand('https://api.github.com', ['token', 'create'])

    expect(code).toBe(1)
    expect(stderr).toContain('https://github.com/settings/personal-access-tokens/new')
  })
})
