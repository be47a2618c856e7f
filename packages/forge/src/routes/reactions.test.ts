import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

let test: TestForge
const comments = '/repos/acme/shop/issues/1/comments'
let reactions: string
let comment: string

interface Reaction {
  id: number
  content: string
  user: { login: string }
}

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
  const checkout = await test.clone('acme/shop')
  await test.commit(checkout, 'topic', { 'a.txt': 'a\n' })
  await test.git(checkout, ['push', '-q', 'origin', 'topic'], test.token)
  const body = { title: 'A change', head: 'topic', base: 'main' }
  await test.call('POST', '/repos/acme/shop/pulls', { body })
  const { json } = await test.call<{ id: number }>('POST', comments, { body: { body: 'Nice' } })
  comment = `/repos/acme/shop/issues/comments/${json.id}`
  reactions = `${comment}/reactions`
})
afterAll(() => test[Symbol.asyncDispose]())

const react = (content: unknown, token?: string) =>
  test.call<Reaction>('POST', reactions, {
    body: { content },
    ...(token === undefined ? {} : { token }),
  })

describe('reactions to a comment', () => {
  it('are one of a kind from a user, are listed, counted and taken back', async () => {
    const { token } = await test.createUser('reader')
    const first = await react('eyes')
    const again = await react('eyes')
    const other = await react('eyes', token)
    await react('rocket')

    expect([first.status, again.status, other.status]).toEqual([201, 200, 201])
    expect(again.json.id).toBe(first.json.id)
    const listed = await test.call<Reaction[]>('GET', `${reactions}?content=eyes`)
    expect(listed.json.map(({ user }) => user.login)).toEqual(['owner', 'reader'])
    const counted = await test.call<{ reactions: object }>('GET', comment)
    expect(counted.json.reactions).toMatchObject({ total_count: 3, eyes: 2, rocket: 1, '+1': 0 })

    const another = { token }
    expect((await test.call('DELETE', `${reactions}/${first.json.id}`, another)).status).toBe(403)
    expect((await test.call('DELETE', `${reactions}/${first.json.id}`)).status).toBe(204)
    expect((await test.call('DELETE', `${reactions}/${first.json.id}`)).status).toBe(404)
    expect((await test.call<Reaction[]>('GET', reactions)).json).toHaveLength(2)
  })

  it('many at once are none too many', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => react('heart')))

    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
  })

  it.each(['thumbsup', '', 1, null])('cannot be %j', async (content) => {
    expect((await react(content)).status).toBe(422)
  })

  it('need a token, and a comment', async () => {
    const body = { content: 'eyes' }
    const missing = '/repos/acme/shop/issues/comments/999999/reactions'

    expect((await test.call('POST', reactions, { token: null, body })).status).toBe(401)
    expect((await test.call('POST', missing, { body })).status).toBe(404)
    expect((await test.call('GET', missing)).status).toBe(404)
  })
})
