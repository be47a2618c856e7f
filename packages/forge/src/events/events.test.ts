import type { ForgeEvent } from '@errand/contract'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openForge } from '../forge.ts'
import type { Seen, SeenPull } from '../records/records.ts'
import { eventually } from '../testing/eventually.ts'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'
import { changesBetween } from './changes.ts'

interface Payload {
  action?: string
  ref?: string
  before?: string
  after?: string
  forced?: boolean
  commits?: { message: string }[]
  pull_request?: { number: number; merged: boolean }
  comment?: { body: string }
  issue?: { pull_request?: object }
  sender: { login: string }
  repository: { full_name: string }
}

let test: TestForge
let checkout: string
const events: ForgeEvent[] = []
const told = (event: ForgeEvent) => {
  const payload = event.payload as Payload
  return [event.event, event.action ?? payload.ref]
}
/** Waits for so many more events, and takes them. */
async function next(count: number): Promise<Payload[]> {
  await eventually(async () => {
    if (events.length < count) throw new Error(JSON.stringify(events.map(told)))
  })
  return events.splice(0).map(({ payload }) => payload as Payload)
}
async function push(branch: string, text: string, options: { from?: string } = {}) {
  await test.commit(checkout, branch, { 'a.txt': `${text}\n` }, { message: text, ...options })
  await test.git(checkout, ['push', '-qf', 'origin', branch], test.token)
}

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
  checkout = await test.clone('acme/shop')
  test.forge.listen?.(async (event) => void events.push(event))
  await test.forge.announce()
})
afterAll(() => test?.[Symbol.asyncDispose]())

describe('what happens on the forge is told as GitHub tells it', () => {
  it('a push of a new branch, of more commits, by force, and its end', async () => {
    await push('topic', 'one')
    const [created] = await next(1)
    expect(created).toMatchObject({
      ref: 'refs/heads/topic',
      before: '0'.repeat(40),
      created: true,
      head_commit: { message: expect.stringContaining('one') },
      repository: { full_name: 'acme/shop' },
      sender: { login: expect.any(String) },
      pusher: { name: expect.any(String) },
    })

    await push('topic', 'two', { from: 'origin/topic' })
    const [moved] = await next(1)
    expect(moved).toMatchObject({ before: created?.after, forced: false, deleted: false })
    expect(moved?.commits?.map(({ message }) => message.trim())).toEqual(['two'])

    await push('topic', 'other', { from: 'origin/main' })
    expect(await next(1)).toMatchObject([{ before: moved?.after, forced: true }])

    await test.git(checkout, ['push', '-q', 'origin', ':topic'], test.token)
    expect(await next(1)).toMatchObject([{ after: '0'.repeat(40), deleted: true, commits: [] }])
  })

  it('a pull request from its opening to its merge, with a comment', async () => {
    await push('feature', 'begin', { from: 'origin/main' })
    await next(1)
    const body = { title: 'A change', head: 'feature', base: 'main', draft: true }
    await test.call('POST', '/repos/acme/shop/pulls', { body })
    const [opened] = await next(1)
    expect(opened).toMatchObject({
      action: 'opened',
      pull_request: { title: 'A change', draft: true, merged: false, head: { ref: 'feature' } },
    })
    const { number } = opened!.pull_request!

    await push('feature', 'more', { from: 'origin/feature' })
    const moved = await next(2)
    expect(moved.map(({ ref, action }) => ref ?? action)).toEqual([
      'refs/heads/feature',
      'synchronize',
    ])
    await test.call('POST', `/repos/acme/shop/issues/${number}/comments`, {
      body: { body: 'Well done' },
    })
    expect(await next(1)).toMatchObject([
      {
        action: 'created',
        comment: { body: 'Well done', user: { login: expect.any(String) } },
        issue: { number, pull_request: { url: expect.stringContaining(`/pulls/${number}`) } },
      },
    ])
    const changes = { title: 'Another', draft: false }
    await test.call('PATCH', `/repos/acme/shop/pulls/${number}`, { body: changes })
    const edited = await next(2)
    expect(edited.map(({ action }) => action)).toEqual(['edited', 'ready_for_review'])
    expect(edited[0]).toMatchObject({ action: 'edited', changes: { title: { from: 'A change' } } })
    await test.call('POST', `/repos/acme/shop/issues/${number}/labels`, {
      body: { labels: ['x'] },
    })
    const labeled = await next(1)
    expect(labeled[0]).toMatchObject({ action: 'labeled', label: { name: 'x' } })
    const grace = await test.createUser('grace')
    await test.forge.addCollaborator('acme/shop', grace.id, 'write')
    const path = `/repos/acme/shop/pulls/${number}`
    await test.call('PATCH', path, {
      token: grace.token,
      body: { state: 'closed' },
    })
    expect(await next(1)).toMatchObject([{ action: 'closed', sender: { login: 'grace' } }])
    await test.call('PATCH', path, { body: { state: 'open' } })
    expect(await next(1)).toMatchObject([
      { action: 'reopened', sender: { login: labeled[0]?.sender.login } },
    ])
  })
})

it('a repository that is deleted while another is told of ends nothing', async () => {
  await test.forge.importRepository(await test.createSource('short'), 'acme/short')
  await next(1)
  const ended = new Promise<void>((resolve, reject) => {
    test.forge.listen?.(async ({ payload }) => {
      if ((payload as Payload).ref !== 'refs/heads/other') return
      // It stands behind the one that is told of, in the same round.
      await test.call('DELETE', '/repos/acme/short').then(() => resolve(), reject)
    })
  })

  await push('other', 'before')
  await ended
  await next(1)
  await push('other', 'after')

  expect(await next(1)).toMatchObject([{ ref: 'refs/heads/other' }])
})

it('tells again, under the same id, what was not taken, and after a start what happened before', async () => {
  const folder = test.folder
  await test.forge.close()
  const log = { info() {}, warn() {} }
  const open = () =>
    openForge({ dataDir: `${folder}/data`, log, publicUrl: () => 'http://localhost' })
  const first = await open()
  await first.importRepository(await test.createSource('late'), 'acme/late')
  const refused: ForgeEvent[] = []
  first.listen?.((event) => {
    refused.push(event)
    return Promise.reject(new Error('nobody listens'))
  })
  await first.announce()
  await first.createRepository({ owner: 'acme', name: 'fresh' })
  await first.importRepository(await test.createSource('more'), 'acme/more')
  await eventually(async () => {
    if (refused.length < 2) throw new Error('it was not told twice')
  })
  await first.close()

  await using second = await open()
  const taken: ForgeEvent[] = []
  second.listen?.(async (event) => void taken.push(event))
  await second.announce()
  await eventually(async () => {
    if (taken.length < 1) throw new Error('it was not told')
  })

  expect(taken.map(told)).toEqual([['push', 'refs/heads/main']])
  expect(new Set([...refused, ...taken].map(({ id }) => id)).size).toBe(1)
  expect(taken[0]?.payload).toMatchObject({ repository: { full_name: 'acme/more' } })
})

describe('differences', () => {
  const sha = fc.constantFrom('a', 'b', 'c')
  const pull: fc.Arbitrary<SeenPull> = fc.record({
    state: fc.constantFrom('open', 'closed'),
    title: sha,
    body: fc.option(sha, { nil: null }),
    base: sha,
    draft: fc.boolean(),
    head_sha: sha,
    labels: fc.uniqueArray(sha),
    requested_reviewers: fc.uniqueArray(fc.nat(3)),
  })
  const seen: fc.Arbitrary<Omit<Seen, 'sequence'>> = fc.record({
    refs: fc.dictionary(fc.constantFrom('refs/heads/x', 'refs/heads/y', 'refs/tags/z'), sha),
    pulls: fc.dictionary(fc.constantFrom('1', '2', '3'), pull),
    last_comment_id: fc.nat(5),
  })

  it('there are none between what is the same', () => {
    fc.assert(
      fc.property(seen, (one) => {
        const ids = Array.from({ length: one.last_comment_id }, (_, at) => at + 1)
        expect(changesBetween(one, structuredClone(one), ids)).toEqual([])
      }),
    )
  })

  it('lead from one to the other: refs are where they are told to be, and states as told', () => {
    fc.assert(
      fc.property(seen, seen, (before, after) => {
        const changes = changesBetween(before, after, [])
        const refs: Record<string, string> = { ...before.refs }
        for (const change of changes) {
          if (change.event !== 'push') continue
          expect(refs[change.ref]).toBe(change.before)
          if (change.after === undefined) delete refs[change.ref]
          else refs[change.ref] = change.after
        }
        expect(refs).toEqual(after.refs)
        for (const [number, { state }] of Object.entries(after.pulls)) {
          const was = before.pulls[number]?.state
          const actions = changes.flatMap((change) =>
            change.event === 'pull_request' && change.number === Number(number)
              ? [change.action]
              : [],
          )
          expect(actions.includes('opened')).toBe(was === undefined)
          expect(actions.includes('closed')).toBe(state === 'closed' && was !== 'closed')
          expect(actions.includes('reopened')).toBe(was === 'closed' && state === 'open')
        }
      }),
    )
  })
})
