import { createKeyPair, openBox } from '@errand/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answers, type FakeServer, openFakeServer } from '../../testing/fake-server.ts'
import { runCli, type RunOptions } from '../../testing/run-cli.ts'

// A server that answers as GitHub does: the commands know no difference.

let server: FakeServer
let answers: Answers
let keys: Awaited<ReturnType<typeof createKeyPair>>
const ofRepo = '/repos/acme/shop/agents'
const ofOrg = '/orgs/acme/agents'

beforeEach(async () => {
  keys = await createKeyPair()
  const publicKey = { key_id: '7', key: keys.publicKey }
  answers = {
    [`GET ${ofRepo}/secrets/public-key`]: publicKey,
    [`GET ${ofOrg}/secrets/public-key`]: publicKey,
    'GET /repos/acme/shop': { id: 12 },
    'GET /repos/acme/site': { id: 13 },
  }
  server = await openFakeServer(answers)
})
afterEach(() => server?.[Symbol.asyncDispose]())

async function run(args: string[], options: RunOptions = {}) {
  const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'ghp_x' }
  return await runCli(args, { environment, ...options })
}

const inShop = ['-R', 'acme/shop']

async function sealedIn(path: string): Promise<string | undefined> {
  const body = server.asked.find((asked) => asked.method === 'PUT' && asked.path === path)?.body
  const { encrypted_value } = body as { encrypted_value: string }
  return (await openBox(encrypted_value, keys))?.toString()
}

describe('a secret', () => {
  it.each([
    ['--body', ['--body', 'from the line'], {}, 'from the line'],
    ['standard input', [], { input: 'from a pipe\n' }, 'from a pipe'],
    ['a person', [], { answers: ['from a person'] }, 'from a person'],
  ])('comes from %s, and is sealed before it is sent', async (_, args, options, value) => {
    answers[`PUT ${ofRepo}/secrets/TOKEN`] = ''

    const ran = await run(['secret', 'set', 'TOKEN', ...inShop, ...args], options)

    expect(ran.code).toBe(0)
    expect(await sealedIn(`${ofRepo}/secrets/TOKEN`)).toBe(value)
    expect(JSON.stringify([server.asked, ran.out, ran.err])).not.toContain(value)
  })

  it('of an organization is for private repositories, or for those that are named', async () => {
    answers[`PUT ${ofOrg}/secrets/A`] = ''
    answers[`PUT ${ofOrg}/secrets/B`] = ''

    await run(['secret', 'set', 'A', '--org', 'acme', '--body', 'v'])
    await run(['secret', 'set', 'B', '--org', 'acme', '--body', 'v', '-r', 'shop', 'acme/site'])

    const puts = server.asked.filter(({ method }) => method === 'PUT').map(({ body }) => body)
    expect(puts).toMatchObject([
      { visibility: 'private', key_id: '7' },
      { visibility: 'selected', selected_repository_ids: [12, 13] },
    ])
  })

  it.each([
    [['secret', 'set', ...inShop], 'Name the secret, or give --env-file'],
    [['secret', 'set', 'A', '--env-file', 'x', ...inShop], '--env-file has names and values'],
    [['secret', 'set', 'A', '--body', 'v', '--repos', 'shop'], 'name one with --org'],
    [
      ['secret', 'set', 'A', '--body', 'v', '--org', 'acme', '-v', 'all', '-r', 'shop'],
      '--repos selects repositories',
    ],
  ])('is not set by %j', async (args, said) => {
    const isBare = args.includes('--repos')
    const ran = await run(isBare ? [...args, ...inShop] : args)

    expect([ran.code === 0, ran.err]).toEqual([false, expect.stringContaining(said)])
    expect(server.asked.filter(({ method }) => method === 'PUT')).toEqual([])
  })
})

it('a variable is changed where there is one', async () => {
  answers[`POST ${ofRepo}/variables`] = 409
  answers[`PATCH ${ofRepo}/variables/MODE`] = ''

  const ran = await run(['variable', 'set', 'MODE', '--body', 'fast', ...inShop])

  expect(ran).toMatchObject({ code: 0, err: 'MODE is set.\n' })
  expect(server.asked.at(-1)).toMatchObject({
    method: 'PATCH',
    body: { name: 'MODE', value: 'fast' },
  })
})

it('a list is read to its end, and what is in it moves no cursor', async () => {
  const variable = (name: string) => ({
    name,
    value: '\u001b[31mred',
    updated_at: '2026-01-01T00:00:00Z',
  })
  const page = (names: string[]) => ({ total_count: 3, variables: names.map(variable) })
  answers[`GET ${ofRepo}/variables?per_page=100&page=1`] = page(['A', 'B'])
  answers[`GET ${ofRepo}/variables?per_page=100&page=2`] = page(['C'])

  const ran = await run(['variable', 'list', ...inShop])

  expect(ran.out.match(/^[ABC] /gm)).toEqual(['A ', 'B ', 'C '])
  expect(ran.out).not.toContain('\u001b')
})
