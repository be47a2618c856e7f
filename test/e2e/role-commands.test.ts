import { afterAll, beforeAll, expect, it } from 'vitest'
import { errand as run, tryErrand } from '../support/errand-process.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

// Users, their tokens and their roles, made by the command alone, as docs/tokens.md shows it.

let errand: Errand

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/shop')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

const command = (...args: string[]): Promise<string> => run(errand.url, args)

/** Whether somebody may start a task. */
async function create(token: string): Promise<number> {
  const { code } = await tryErrand(
    errand.url,
    ['create', 'p', '-R', 'acme/shop', '--model', 'script'],
    { token },
  )
  return code ?? -1
}

it('a user with a token may what they were let, and no longer than that', async () => {
  const login = await command('user', 'create', 'ann')
  const token = (await command('token', 'create', '--kind', 'classic', '--user', 'ann')).trim()

  const before = await create(token)
  await command('repo', 'share', 'acme/shop', 'ann')
  const shared = await create(token)
  await command('repo', 'unshare', 'acme/shop', 'ann')
  const unshared = await create(token)
  await command('org', 'add', 'acme', 'ann', '--role', 'admin')
  const asAdmin = await create(token)
  await command('org', 'remove', 'acme', 'ann')
  const after = await create(token)

  expect(login).toBe('ann\n')
  expect([before, shared, unshared, asAdmin, after]).toEqual([1, 0, 1, 0, 1])
})

it('an organization has the admin it is given', async () => {
  await command('user', 'create', 'bea')
  const made = await command('org', 'create', 'works', '--admin', 'bea')
  const last = await tryErrand(errand.url, ['org', 'remove', 'works', 'bea'])

  expect(made).toBe('works\n')
  expect([last.code, last.stderr]).toEqual([
    1,
    expect.stringContaining('bea is the last admin of works'),
  ])
})

it.each([
  [['user', 'create', 'errand_'], 'must be 1 to 39 letters'],
  [['user', 'create', 'acme'], "login 'acme' is taken"],
  [['org', 'create', 'new', '--admin', 'nobody'], 'there is no user nobody'],
  [['repo', 'share', 'acme/shop', 'nobody'], 'no such thing'],
  [['repo', 'share', 'acme/shop', 'ann', '--permission', 'own'], 'Allowed choices are'],
])('%j says what is wrong', async (args, message) => {
  const { code, stderr } = await tryErrand(errand.url, args)

  expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
})
