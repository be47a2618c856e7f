import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'

let test: TestForge
let sha: string
const repository = '/repos/acme/shop'

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
  sha = (await test.call<{ sha: string }>('GET', `${repository}/commits/main`)).json.sha
})
afterAll(() => test[Symbol.asyncDispose]())

interface Combined {
  state: string
  sha: string
  total_count: number
  statuses: { context: string; state: string }[]
}

async function say(state: string, more: object = {}, token = test.token): Promise<number> {
  const body = { state, ...more }
  return (await test.call('POST', `${repository}/statuses/${sha}`, { token, body })).status
}

async function combined(ref: string): Promise<Combined> {
  return (await test.call<Combined>('GET', `${repository}/commits/${ref}/status`)).json
}

describe('statuses of a commit', () => {
  it('pend while there are none; then the last word of each context counts', async () => {
    expect(await combined(sha)).toMatchObject({ state: 'pending', sha, total_count: 0 })

    expect(await say('pending', { context: 'ci' })).toBe(201)
    expect(await say('success', { context: 'lint' })).toBe(201)
    expect(await combined('main')).toMatchObject({ state: 'pending', total_count: 2 })

    await say('success', { context: 'ci', description: 'ok', target_url: 'https://ci.example/1' })
    expect(await combined('main')).toMatchObject({ state: 'success', total_count: 2 })

    await say('error')
    expect(await combined(encodeURIComponent('heads/main'))).toMatchObject({ state: 'failure' })
    const { json } = await test.call<object[]>('GET', `${repository}/commits/${sha}/statuses`)
    expect(json).toHaveLength(4)
    expect(json[0]).toMatchObject({ context: 'default', state: 'error', creator: { type: 'User' } })
  })

  it('are refused where they are none, by whom they are not to be given, and of no commit', async () => {
    const { token } = await test.createUser('reader')

    expect(await say('green')).toBe(422)
    expect(await say('success', { target_url: 'javascript:alert(1)' })).toBe(422)
    expect(await say('success', { description: 'x'.repeat(141) })).toBe(422)
    expect(await say('success', {}, token)).toBe(403)
    const path = `${repository}/commits/${'0'.repeat(40)}/status`
    expect((await test.call('GET', path)).status).toBe(422)
  })

  it('have no check runs beside them', async () => {
    const { json } = await test.call('GET', `${repository}/commits/main/check-runs`)
    expect(json).toEqual({ total_count: 0, check_runs: [] })
  })
})
