import { createClient } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { type Answers, openFakeServer } from '../testing/fake-server.ts'
import { Targets } from './campaign.ts'
import { findTargets } from './find-targets.ts'

let id = 0
function repository(fullName: string, more: object = {}) {
  const [login = '', name = ''] = fullName.split('/')
  id += 1
  return { id, name, full_name: fullName, owner: { login }, archived: false, fork: false, ...more }
}

const shop = repository('acme/shop-service', { language: 'TypeScript', topics: ['npm'] })
const api = repository('acme/api-service', { language: 'Go' })
const old = repository('acme/old-service', { archived: true })
const fork = repository('acme/fork', { fork: true })
const notes = repository('ann/notes', { private: true })
const answers: Answers = {
  'GET /user': { login: 'Ann' },
  'GET /user/repos': [notes],
  'GET /users/bo/repos': [repository('bo/site')],
  'GET /orgs/acme/repos': [shop, api, old, fork],
  'GET /repos/acme/shop-service': shop,
  'GET /repos/acme/old-service': old,
  'GET /repos/acme/shop-service/contents/package.json': { type: 'file' },
  'GET /repos/acme/shop-service/contents/src/a%20b': { type: 'file' },
  'GET /search/repositories': { total_count: 1, items: [api] },
}

let notices: string[] = []

async function find(targets: object, more: Answers = {}, isErrand = true): Promise<string[]> {
  await using server = await openFakeServer({ ...answers, ...more })
  const client = createClient({ baseUrl: server.url })
  const { signal } = new AbortController()
  notices = []
  const onNotice = (text: string) => void notices.push(text)
  const found = await findTargets({ client, isErrand, signal, onNotice }, Targets.parse(targets))
  return found.map(({ full_name }) => full_name)
}

describe('the repositories of a campaign', () => {
  it.each([
    [{ orgs: ['acme'] }, ['acme/api-service', 'acme/shop-service']],
    [
      { orgs: ['acme'], archived: true, forks: true },
      ['acme/api-service', 'acme/fork', 'acme/old-service', 'acme/shop-service'],
    ],
    [{ users: ['ann', 'bo'] }, ['ann/notes', 'bo/site']],
    [{ repos: ['acme/old-service'] }, ['acme/old-service']],
    [{ repos: ['acme/shop-service'], orgs: ['acme'] }, ['acme/api-service', 'acme/shop-service']],
    [{ orgs: ['acme'], users: ['ann'], match: ['acme/S*-Service'] }, ['acme/shop-service']],
    [{ orgs: ['acme'], exclude: ['acme/api-*'] }, ['acme/shop-service']],
    [{ orgs: ['acme'], language: 'go' }, ['acme/api-service']],
    [{ orgs: ['acme'], topic: 'npm' }, ['acme/shop-service']],
    [{ orgs: ['acme'], has_file: ['package.json', 'src/a b'] }, ['acme/shop-service']],
    [{ search: 'topic:go' }, ['acme/api-service']],
  ])('of %j are %j', async (targets, names) => {
    expect(await find(targets)).toEqual(names)
  })

  it.each([
    [{}, 'There are no repositories to look through.'],
    [{ repos: ['acme/none'] }, 'There is no repository acme/none, or it is not yours to see.'],
    [{ orgs: ['none'] }, 'There is no organization none, or it is not yours to see.'],
  ])('of %j are an error', async (targets, message) => {
    await expect(find(targets)).rejects.toThrow(message)
  })

  it('are looked for until the server answers, as many at a time as it takes', async () => {
    let asked = 0
    const flaky = () => ((asked += 1) === 1 ? 502 : [shop])
    for (const isErrand of [true, false]) {
      asked = 0
      const found = await find({ orgs: ['acme'] }, { 'GET /orgs/acme/repos': flaky }, isErrand)
      expect([found, asked]).toEqual([['acme/shop-service'], 2])
    }
  })

  it('are told to be fewer than the search found, beyond what it shows', async () => {
    const whole = await find({ search: 'x' })
    expect([whole, notices]).toEqual([['acme/api-service'], []])

    await find({ search: 'x' }, { 'GET /search/repositories': { total_count: 1234, items: [api] } })
    expect(notices).toEqual([
      expect.stringMatching(/found 1234 repositories, and only 1 of them .* shows 1000 at most/),
    ])
  })

  it('cannot be searched where the server does not search', async () => {
    await expect(find({ search: 'x' }, { 'GET /search/repositories': 404 })).rejects.toThrow(
      'This server cannot search repositories.',
    )
  })
})
