import { Settings } from '@errand/contract'
import { randomUUID } from 'node:crypto'
import {
  countRequest,
  noteFailingUpstream,
  noteAnsweringUpstream,
  noTokens,
  reserveRequest,
} from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseTask } from './testing/lease-task.ts'
import { openTestServer, type TestServer } from './testing/open-test-server.ts'

let server: TestServer
let token: string

const credit = 1e9
const upstream = (port: number) => ({ wire: 'openai', base_url: `http://127.0.0.1:${port}/v1` })

beforeAll(async () => {
  server = await openTestServer({
    upstreams: { first: upstream(1), second: upstream(2) },
    models: [
      { id: 'dear', upstream: 'first', price: { input: 5, output: 45 } },
      { id: 'usual', upstream: 'first', price: { input: 3, output: 15 }, aliases: ['normal'] },
      { id: 'cheap', upstream: 'second', price: { input: 0.5, output: 3 } },
      { id: 'theirs', upstream: 'second', price: { input: 0, output: 0 }, owners: ['other'] },
    ],
    budgets: [
      { scope: 'organization', name: 'Acme', ai_credits: 10 },
      { scope: 'user', name: '*', ai_credits: 1, prevent_further_usage: false },
    ],
    multiplier_limits: [{ scope: 'repository', name: 'acme/frugal', max_multiplier: 0.5 }],
  })
  token = server.forge.addToken('alice')
  for (const name of ['acme/shop', 'acme/frugal', 'other/site', 'rich/yacht']) {
    server.forge.addRepository(name, { members: { alice: 'admin' } })
  }
})
afterAll(() => server?.[Symbol.asyncDispose]())

const create = async (repository: string, fields: object) => {
  const path = `/agents/repos/${repository}/tasks`
  return await server.call(path, { token, body: { prompt: 'Fix it', ...fields } })
}
const created = async (repository: string, fields: object) => {
  const { status, body } = await create(repository, fields)
  expect(status).toBe(201)
  const { body: page } = await server.call(`/agents/tasks/${body.id}/events`, { token })
  const { body: task } = await server.call(`/agents/tasks/${body.id}`, { token })
  return { id: body.id, model: task.sessions[0]?.model, event: page.events[0]?.data }
}
const refused = async (repository: string, fields: object) => {
  const { status, body } = await create(repository, fields)
  return [status, body.errors?.[0]?.message ?? body.message]
}
async function spend(id: string, credits: number, tokens = noTokens): Promise<void> {
  await spendNano(id, credits * credit, tokens)
}
async function spendNano(id: string, nano: number, tokens = noTokens): Promise<void> {
  const lease = await leaseTask(server.store, id)
  const request = { id: randomUUID(), model: 'usual', most_nano: 0 }
  await reserveRequest(server.store, lease, request, Settings.parse({}))
  const count = { tokens, nano }
  await countRequest(server.store, request.id, count, { isFinal: true })
}

describe('auto', () => {
  it('is the first model of at most 1x, and the task says why', async () => {
    expect(await created('rich/yacht', {})).toMatchObject({
      model: 'usual',
      event: { model: 'usual', model_reason: 'auto: the first model that may be used, at 1x' },
    })
  })

  it('is the cheapest for a simple prompt, by its first line', async () => {
    const simple = await created('rich/yacht', { prompt: 'Write the release notes\n\nof 2.0' })
    expect(simple).toMatchObject({ model: 'cheap', event: { model_reason: /simple \(release/ } })

    const quoting = await created('rich/yacht', { prompt: 'Refactor\n\nSee the release notes' })
    expect(quoting.model).toBe('usual')
  })

  it('passes by an upstream that does not answer, unless none does', async () => {
    await noteFailingUpstream(server.store, 'first')
    const { event, model } = await created('rich/yacht', {})
    expect([model, event?.['model_reason']]).toEqual([
      'cheap',
      expect.stringMatching(/at 0\.2x; 1 left out, as their upstreams do not answer$/),
    ])
    const { text } = await server.call('/agents/models', { token })
    expect(JSON.parse(text)).toMatchObject({
      models: [
        { id: 'dear', available: false },
        { id: 'usual', available: false, is_default: false },
        { id: 'cheap', available: true, is_default: true, multiplier: 0.2 },
        { id: 'theirs', owners: ['other'] },
        { id: 'script' },
      ],
    })
    await noteFailingUpstream(server.store, 'second')
    expect((await created('rich/yacht', {})).model).toBe('usual')
    await noteAnsweringUpstream(server.store, 'first')
    await noteAnsweringUpstream(server.store, 'second')
  })

  it('stays within what may be used', async () => {
    expect((await created('acme/frugal', {})).model).toBe('cheap')
    expect((await created('rich/yacht', { max_multiplier: 0.5 })).model).toBe('cheap')
    expect(await refused('rich/yacht', { max_multiplier: 0.1 })).toEqual([
      422,
      "model 'auto' is not supported here: no model of at most 1x may be used; these are: script",
    ])
  })
})

describe('a model', () => {
  it('has other names, and multipliers bound which may be named', async () => {
    const { id, model, event } = await created('rich/yacht', { model: 'normal' })
    expect([id, model, event?.['model_reason']]).toEqual([id, 'usual', undefined])
    expect(await refused('acme/frugal', { model: 'dear' })).toEqual([
      422,
      "model 'dear' is not supported here: its multiplier is 3, and 0.5 is the most allowed; these are: cheap, script",
    ])
    expect(await refused('rich/yacht', { model: 'none' })).toEqual([
      422,
      "model 'none' is not supported; these are: dear, usual, cheap, script",
    ])
  })

  it('may be for some owners only', async () => {
    expect((await created('other/site', { model: 'theirs' })).model).toBe('theirs')
    expect(await refused('acme/shop', { model: 'theirs' })).toEqual([
      422,
      "model 'theirs' is not supported here: it is not for repositories of acme; these are: dear, usual, cheap, script",
    ])
  })
})

describe('a budget', () => {
  it('that is used up refuses tasks, saying which and how much is left', async () => {
    const { id } = await created('acme/shop', { max_ai_credits: 8 })
    await spend(id, 4)
    expect(await refused('acme/shop', { max_ai_credits: 7 })).toEqual([
      403,
      'max_ai_credits asks for 7, and of the budget of organization acme this month 4 of 10 AI credits are spent or reserved, 6 are left',
    ])
    await spend((await created('acme/shop', {})).id, 6.5)

    expect(await refused('acme/shop', {})).toEqual([
      403,
      'No task can begin: of the budget of organization acme this month 10.5 of 10 AI credits are spent or reserved, 0 are left',
    ])
    // What uses no model costs nothing, and other owners have budgets of their own.
    expect((await create('acme/shop', { model: 'script' })).status).toBe(201)
    expect((await create('rich/yacht', {})).status).toBe(201)
  })

  it('of one task can be changed, and taken away', async () => {
    const { id } = await created('rich/yacht', { max_ai_credits: 1, max_multiplier: 1 })
    const change = (body: object) =>
      server.call(`/agents/tasks/${id}`, { token, method: 'PATCH', body })

    expect(await change({ max_ai_credits: null })).toMatchObject({ status: 200, body: { id } })
    expect((await change({ max_ai_credits: -1 })).status).toBe(422)
    const rows = await server.store.db
      .selectFrom('tasks')
      .selectAll()
      .where('id', '=', id)
      .execute()
    expect(rows).toMatchObject([{ max_nano: null, max_multiplier: 1 }])
  })
})

// GET /orgs/{org}/agents/usage and GET /agents/usage.
it('usage is added up for owners of an organization, and for everybody their own', async () => {
  const admin = server.forge.addToken('root', { scopes: ['repo', 'admin:org'] })
  server.forge.addOrganization('sums', { root: 'admin', alice: 'member' })
  server.forge.addRepository('sums/app', { members: { alice: 'write', root: 'admin' } })
  const { id } = await created('sums/app', {})
  await spend(id, 2, { ...noTokens, input_tokens: 100, output_tokens: 10 })

  const own = await server.call('/agents/usage?by=repository', { token })
  const whole = JSON.parse(own.text)
  expect(whole.usage.find(({ key }: { key: string }) => key === 'sums/app')).toMatchObject({
    sessions: 1,
    requests: 1,
    input_tokens: 100,
    usage: { type: 'ai_credits', amount: 2 * credit },
  })
  expect(whole.total.usage.amount).toBe(
    whole.usage.reduce(
      (sum: number, row: { usage: { amount: number } }) => sum + row.usage.amount,
      0,
    ),
  )
  expect(whole.budgets).toMatchObject([
    { scope: 'user', name: 'alice', ai_credits: 1, prevent_further_usage: false },
  ])
  const ofOrg = await server.call('/orgs/sums/agents/usage?by=user', { token: admin })
  expect(JSON.parse(ofOrg.text)).toMatchObject({
    usage: [{ key: 'alice', usage: { amount: 2 * credit } }],
    budgets: [],
  })
  expect((await server.call('/orgs/sums/agents/usage', { token })).status).toBe(403)
  const wrong = await server.call('/agents/usage?since=2026-02-01&until=2026-01-01', { token })
  expect(wrong.body.errors).toMatchObject([{ field: 'since' }])
})

it('usage until a day of another month is of that month', async () => {
  const { status, body } = await server.call('/agents/usage?until=2026-01-31', { token })

  expect(status).toBe(200)
  expect(body).toMatchObject({ since: '2026-01-01', until: '2026-01-31' })
})

it('usage keeps every digit of what is more than a number can hold', async () => {
  const admin = server.forge.addToken('root', { scopes: ['repo', 'admin:org'] })
  server.forge.addOrganization('vast', { root: 'admin', alice: 'member' })
  server.forge.addRepository('vast/app', { members: { alice: 'write' } })
  for (const nano of [Number.MAX_SAFE_INTEGER, 2]) {
    await spendNano((await created('vast/app', {})).id, nano)
  }

  const { text } = await server.call('/orgs/vast/agents/usage?by=repository', { token: admin })

  const sum = { ai_credits: '9007199.254740993' }
  expect(JSON.parse(text)).toMatchObject({ usage: [sum], total: sum })
})
