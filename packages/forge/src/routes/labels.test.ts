import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

let test: TestForge
const pull = '/repos/acme/shop/pulls/1'
const labels = '/repos/acme/shop/issues/1/labels'
const reviewers = `${pull}/requested_reviewers`

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
  const checkout = await test.clone('acme/shop')
  await test.commit(checkout, 'topic', { 'a.txt': 'a\n' })
  await test.git(checkout, ['push', '-q', 'origin', 'topic'], test.token)
  const body = { title: 'A change', head: 'topic', base: 'main' }
  await test.call('POST', '/repos/acme/shop/pulls', { body })
})
afterAll(() => test[Symbol.asyncDispose]())

interface Named {
  name: string
}
const namesIn = (list: Named[]): string[] => list.map(({ name }) => name)

describe('labels of a pull request', () => {
  it('are put on once, in whatever case they are written, replaced and taken off', async () => {
    const body = { labels: ['chore', { name: 'Size/S' }] }
    expect((await test.call<Named[]>('POST', labels, { body })).status).toBe(200)

    const again = await test.call<Named[]>('POST', labels, { body: { labels: ['CHORE', 'new'] } })
    expect(namesIn(again.json)).toEqual(['chore', 'Size/S', 'new'])
    const { json } = await test.call<{ labels: Named[] }>('GET', pull)
    expect(namesIn(json.labels)).toEqual(['chore', 'Size/S', 'new'])

    const removed = await test.call<Named[]>('DELETE', `${labels}/${encodeURIComponent('size/s')}`)
    expect(namesIn(removed.json)).toEqual(['chore', 'new'])
    expect((await test.call('DELETE', `${labels}/missing`)).status).toBe(404)
    const put = await test.call<Named[]>('PUT', labels, { body: { labels: ['only'] } })
    expect(namesIn(put.json)).toEqual(['only'])
    expect(namesIn((await test.call<Named[]>('GET', labels)).json)).toEqual(['only'])
  })

  it.each([
    [['x'.repeat(51)], 422],
    [[''], 422],
    [['a\u0000b'], 422],
    [Array.from({ length: 101 }, (_, at) => `l${at}`), 422],
    ['chore', 422],
  ])('refuses %j', async (wrong, status) => {
    expect((await test.call('POST', labels, { body: { labels: wrong } })).status).toBe(status)
  })

  it('needs write access, and shows nothing of a pull request that is not there', async () => {
    const { token } = await test.createUser('reader')

    expect((await test.call('POST', labels, { token, body: { labels: ['x'] } })).status).toBe(403)
    expect((await test.call('POST', labels, { token: null, body: {} })).status).toBe(401)
    expect((await test.call('GET', '/repos/acme/shop/issues/9/labels')).status).toBe(404)
  })
})

describe('requested reviewers', () => {
  it('refuses a team, and somebody who is not there, and asks nobody then', async () => {
    const { login } = await test.createUser('ann')

    for (const body of [
      { team_reviewers: ['core'], reviewers: [login] },
      { reviewers: ['nobody'] },
    ]) {
      expect((await test.call('POST', reviewers, { body })).status).toBe(422)
    }
    const { json } = await test.call('GET', reviewers)
    expect(json).toEqual({ users: [], teams: [] })
    expect((await test.call('POST', reviewers, { body: { reviewers: [login] } })).status).toBe(201)
  })
})
