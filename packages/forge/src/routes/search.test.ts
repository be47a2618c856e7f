import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

interface Item {
  full_name: string
  language: string | null
  topics: string[]
}
interface Found {
  total_count: number
  items: Item[]
}

let test: TestForge
let stranger: string
const topics = '/repos/acme/shop/topics'

const search = (query: string, token?: string) =>
  test.call<Found>('GET', `/search/repositories?${query}`, token === undefined ? {} : { token })
const namesFor = async (q: string, token?: string): Promise<string[]> =>
  (await search(`q=${encodeURIComponent(q)}`, token)).json.items.map(({ full_name }) => full_name)

beforeAll(async () => {
  test = await openTestForge()
  const repositories = {
    'acme/shop': { 'a.ts': 'export {}\n', 'b.py': '#\n' },
    'acme/shop-secrets': { 'main.go': 'package main\n' },
    'acme/docs': { 'README.md': '# Shop\n' },
    'beta/pay': { 'src/pay.py': 'pass\n' },
    'beta/old': { 'old.py': 'pass\n' },
  }
  for (const [name, files] of Object.entries(repositories)) {
    const source = await test.createSource(name, files)
    await test.forge.importRepository(source, name, { private: name === 'acme/shop-secrets' })
  }
  await test.call('PATCH', '/repos/beta/old', { body: { archived: true } })
  await test.call('PATCH', '/repos/beta/pay', { body: { description: 'Pays what the Shop sold' } })
  await test.call('PUT', '/repos/beta/pay/topics', { body: { names: ['money', 'backend'] } })
  stranger = (await test.createUser('stranger')).token
})
afterAll(() => test[Symbol.asyncDispose]())

describe('topics of a repository', () => {
  it('are replaced as a whole, in lower case and once each, and stand in the repository', async () => {
    const body = { names: ['Backend', 'backend', 'node-20'] }
    const put = await test.call('PUT', topics, { body })

    expect(put).toMatchObject({ status: 200, json: { names: ['backend', 'node-20'] } })
    expect((await test.call('GET', topics)).json).toEqual({ names: ['backend', 'node-20'] })
    const { json } = await test.call<Item>('GET', '/repos/acme/shop')
    expect(json.topics).toEqual(['backend', 'node-20'])
  })

  it.each([
    [['-dash']],
    [['two words']],
    [['x'.repeat(51)]],
    [['']],
    ['backend'],
    [undefined],
    [Array.from({ length: 21 }, (_, at) => `t${at}`)],
  ])('are refused as %j', async (names) => {
    expect((await test.call('PUT', topics, { body: { names } })).status).toBe(422)
  })

  it('are its administrators’ to change, unless it is archived', async () => {
    const put = (token: string | null, path = topics) =>
      test.call('PUT', path, { token, body: { names: ['x'] } })

    expect((await put(stranger)).status).toBe(403)
    expect((await put(null)).status).toBe(401)
    expect((await put(stranger, '/repos/acme/shop-secrets/topics')).status).toBe(404)
    expect((await put(test.token, '/repos/beta/old/topics')).status).toBe(403)
  })
})

describe('a search for repositories', () => {
  it.each([
    ['shop', ['acme/shop', 'acme/shop-secrets', 'beta/pay']],
    ['SHOP in:name', ['acme/shop', 'acme/shop-secrets']],
    ['shop -secrets in:name', ['acme/shop']],
    ['shop NOT secrets in:name', ['acme/shop']],
    ['"the shop"', ['beta/pay']],
    ['money', ['beta/pay']],
    ['org:acme', ['acme/docs', 'acme/shop', 'acme/shop-secrets']],
    ['user:beta archived:false', ['beta/pay']],
    ['org:beta archived:true', ['beta/old']],
    ['org:acme repo:beta/pay', ['acme/docs', 'acme/shop', 'acme/shop-secrets', 'beta/pay']],
    ['language:python', ['beta/old', 'beta/pay']],
    ['language:"Python" language:go', ['acme/shop-secrets', 'beta/old', 'beta/pay']],
    ['org:acme -language:typescript', ['acme/docs', 'acme/shop-secrets']],
    ['topic:money topic:backend', ['beta/pay']],
    ['topic:money topic:other', []],
    ['org:acme fork:true in:name doc', ['acme/docs']],
    ['org:acme fork:only', []],
  ])('for %j', async (q, names) => {
    expect(await namesFor(q)).toEqual(names)
  })

  it('shows nobody what they may not see, nor whether it is there', async () => {
    const query = (q: string) => search(`q=${encodeURIComponent(q)}`, stranger)

    expect(await namesFor('shop in:name', stranger)).toEqual(['acme/shop'])
    expect(await namesFor('language:go', stranger)).toEqual([])
    const hidden = await query('repo:acme/shop-secrets')
    expect(hidden.status).toBe(422)
    expect(hidden.json).toEqual((await query('repo:acme/none')).json)
  })

  it.each([
    ['q=stars:%3E3', 'does not search by stars:'],
    ['q=IN:readme', 'in:readme'],
    ['q=-in:name', 'cannot be turned round'],
    ['q=archived:maybe', 'archived:maybe'],
    ['q=org:nobody', 'cannot be searched'],
    [`q=${'x'.repeat(257)}`, '256 characters'],
    ['q=constructor:x', 'does not search by constructor:'],
    ['q=', 'missing'],
    ['q=%20', 'missing'],
    ['', 'missing'],
    ['q=a%00', 'NUL'],
    ['q=shop&sort=beauty', 'sort'],
  ])('refuses %s with 422', async (query, message) => {
    const { status, text } = await search(query)

    expect(status).toBe(422)
    expect(text).toContain(message)
  })

  it('is given in pages, with links to the others, in the order asked for', async () => {
    const first = await search('q=org:acme&per_page=2')
    const second = await search('q=org:acme&per_page=2&page=2')
    const updated = await search('q=user:beta&sort=updated&order=asc')

    expect(first.json.total_count).toBe(3)
    expect(first.headers.get('link')).toMatch(/page=2>; rel="next"/)
    expect([...first.json.items, ...second.json.items].map((item) => item.full_name)).toEqual(
      await namesFor('org:acme'),
    )
    expect(second.headers.get('link')).not.toContain('rel="next"')
    expect(updated.json.items.map((item) => item.full_name)).toEqual(['beta/old', 'beta/pay'])
  })
})

it('the language of a repository is that of its default branch, and changes with it', async () => {
  const languageNow = async () => (await test.call<Item>('GET', '/repos/acme/docs')).json.language
  const before = await languageNow()
  const checkout = await test.clone('acme/docs')
  await test.commit(checkout, 'main', { 'main.rs': 'fn main() {}\n' })
  await test.git(checkout, ['push', '-q', 'origin', 'main'], test.token)
  const after = await languageNow()

  expect([before, after]).toEqual([null, 'Rust'])
  const { json } = await test.call<Item[]>('GET', '/orgs/acme/repos')
  expect(json.map(({ full_name, language }) => [full_name, language])).toContainEqual([
    'acme/docs',
    'Rust',
  ])
})

it('the repositories of somebody else are listed, but for what is private', async () => {
  const body = { name: 'own' }
  await test.call('POST', '/user/repos', { token: stranger, body })
  await test.call('POST', '/user/repos', {
    token: stranger,
    body: { name: 'hidden', private: true },
  })

  const { json } = await test.call<Item[]>('GET', '/users/stranger/repos')

  expect(json.map(({ full_name }) => full_name)).toEqual(['stranger/own'])
  expect((await test.call('GET', '/users/nobody/repos')).status).toBe(404)
})
