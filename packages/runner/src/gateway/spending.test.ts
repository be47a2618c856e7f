import { changeTask, getTask, listEvents, noTokens, type Store } from '@errand/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { type AgentNotes, openAgentNotes } from '../agent-notes.ts'
import { openTestRun, type TestRun } from '../testing/open-test-run.ts'
import { openSpending, type Spending } from './spending.ts'

const price = { input: 10, output: 10 }
/** At ten dollars for a million tokens: a tenth of a cent. */
const tokens = { ...noTokens, input_tokens: 60, output_tokens: 40 }
const nano = 100_000_000

let testRun: TestRun
let spending: Spending
let notes: AgentNotes
let asked: { message: string; accountId: string }[]
let raised: PromiseWithResolvers<boolean>

async function open(
  settings: object,
  maxNano?: number,
  change: (store: Store) => Store = (store) => store,
): Promise<void> {
  testRun = await openTestRun(
    { prompt: 'p', model: 'm' },
    {
      settings: {
        upstreams: { up: { wire: 'anthropic', base_url: 'http://127.0.0.1:9/v1' } },
        models: [{ id: 'm', upstream: 'up', price, max_output_tokens: 40 }],
        ...settings,
      },
    },
  )
  const { run } = testRun
  if (maxNano !== undefined) {
    await changeTask(run.context.store, run.lease.task.id, { max_nano: maxNano })
  }
  notes = openAgentNotes()
  const context = { ...run.context, store: change(run.context.store) }
  spending = openSpending(
    { ...run, context },
    {
      notes,
      onUsedUp: (question) => {
        asked.push(question)
        return raised.promise
      },
    },
  )
}

interface Holding {
  /** The next answer of the store that a budget is used up is held until `go`. */
  next: boolean
  isHeld: PromiseWithResolvers<void>
  go: PromiseWithResolvers<void>
}

function holdAnswers(store: Store, holding: Holding): Store {
  const db = store.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (!holding.next || result.rows[0]?.['is_used_up'] !== true) return result
      holding.next = false
      holding.isHeld.resolve()
      await holding.go.promise
      return result
    },
  })
  return Object.create(store, { db: { value: db } }) as Store
}

const begin = () => {
  const model = testRun.run.context.settings.models[0]
  if (model === undefined) throw new Error('there is one')
  return spending.begin({ model, bodyBytes: 180, upstreams: ['up'] })
}
const usage = async () => {
  const { store } = testRun.run.context
  return (await getTask(store, testRun.run.lease.task.id))?.sessions[0]?.usage_nano
}
const events = async () => {
  const { run } = testRun
  await run.recorder.flush()
  const { events: found } = await listEvents(run.context.store, run.lease.task.id, {
    page: 1,
    per_page: 100,
  })
  return found
}

const warnings = async () =>
  (await events()).filter(({ type }) => type === 'session.budget_warning').map(({ data }) => data)

beforeEach(() => {
  asked = []
  raised = Promise.withResolvers()
})
afterEach(async () => {
  await testRun?.[Symbol.asyncDispose]()
})

describe('what a request costs', () => {
  it('is counted as it is reported, and told once at the end', async () => {
    await open({})
    const request = await begin()
    await request.count({ ...tokens, output_tokens: 0 })
    expect(await usage()).toBe(60_000_000)
    await request.end(tokens)

    expect(await usage()).toBe(nano)
    expect((await events()).filter(({ type }) => type === 'assistant.usage')).toMatchObject([
      { data: { model: 'm', ...tokens } },
    ])
  })

  it('is counted once at the end, however often that is told', async () => {
    await open({})
    const request = await begin()
    await Promise.all([request.end(tokens), request.end(tokens)])
    await request.end({ ...tokens, output_tokens: 1_000_000 })

    expect(await usage()).toBe(nano)
    expect((await events()).filter(({ type }) => type === 'assistant.usage')).toHaveLength(1)
  })

  it('is counted in the order it was reported in, without waiting for each', async () => {
    await open({})
    const request = await begin()
    const early = request.count({ ...tokens, output_tokens: 1 })
    await Promise.all([early, request.end(tokens)])

    expect(await usage()).toBe(nano)
  })
})

describe('a budget', () => {
  it('that is used up is asked for once, by however many requests, and they all go on', async () => {
    await open({}, nano)
    await (await begin()).end(tokens)
    const waiting = Promise.all([begin(), begin(), begin()])
    await expect.poll(() => asked.length).toBe(1)
    const { run } = testRun
    await changeTask(run.context.store, run.lease.task.id, { max_nano: 100 * nano })
    raised.resolve(true)

    await Promise.all((await waiting).map((request) => request.end(undefined)))
    expect(asked).toMatchObject([
      {
        message: /^The budget of this task is used up: 0\.1 of 0\.1 AI credits/,
        accountId: `task:${run.lease.task.id}`,
      },
    ])
  })

  it('that was raised while the store was asked is not asked for again', async () => {
    const holding = {
      next: false,
      isHeld: Promise.withResolvers<void>(),
      go: Promise.withResolvers<void>(),
    }
    await open({}, nano, (store) => holdAnswers(store, holding))
    await (await begin()).end(tokens)
    const { store } = testRun.run.context
    const first = begin()
    await expect.poll(() => asked.length).toBe(1)

    // It has found the budget used up, and hears of it when that is no longer so.
    holding.next = true
    const second = begin()
    await holding.isHeld.promise
    await changeTask(store, testRun.run.lease.task.id, { max_nano: 100 * nano })
    raised.resolve(true)
    await (await first).end(undefined)
    holding.go.resolve()
    await (await second).end(undefined)

    expect(asked).toHaveLength(1)
  })

  it('that is not raised refuses the request, as the session is put away', async () => {
    await open({}, nano)
    await (await begin()).end(tokens)
    raised.resolve(false)

    await expect(begin()).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      message: /used up/,
    })
    expect(await usage()).toBe(nano)
  })

  it('of which little is left is told once', async () => {
    const budgets = [
      { scope: 'organization', name: '*', ai_credits: 0.1, prevent_further_usage: false },
    ]
    await open({ budgets })
    await (await begin()).end(tokens)
    await (await begin()).end(tokens)
    await (await begin()).end(tokens)

    expect(await warnings()).toMatchObject([
      {
        scope: 'organization',
        limit: { type: 'ai_credits', amount: nano },
        spent: { type: 'ai_credits', amount: nano },
        prevent_further_usage: false,
        message: /^Of the budget of organization \S+ this month 0\.1 of 0\.1 AI credits/,
      },
    ])
    // It stops nothing.
    expect(notes.take()).toEqual([])
  })

  it('of which little is left is told to the agent once, and that is the tightest', async () => {
    const budgets = [
      { scope: 'organization', name: '*', ai_credits: 0.24 },
      { scope: 'user', name: '*', ai_credits: 0.25 },
    ]
    await open({ budgets, budget_warning_percent: 40 }, 100 * nano)
    await (await begin()).end(tokens)
    expect(notes.take()).toMatchObject([])
    await (await begin()).end(tokens)

    await (await begin()).end(tokens)
    expect((await warnings()).map(({ scope }) => scope)).toEqual(['user', 'organization'])
    expect(notes.take()).toEqual([
      expect.stringMatching(
        /^\[Note from Errand, not from the user\] Of the budget of organization /,
      ),
    ])
  })

  it('is told of to the agent also where another was before', async () => {
    const budgets = [
      { scope: 'organization', name: '*', ai_credits: 0.6 },
      { scope: 'user', name: '*', ai_credits: 0.5 },
    ]
    await open({ budgets, budget_warning_percent: 60 }, 100 * nano)
    const told: string[] = []
    for (let at = 0; at < 5; at += 1) {
      await (await begin()).end(tokens)
      told.push(...notes.take())
    }

    expect(told).toEqual([
      expect.stringContaining('the budget of user'),
      expect.stringContaining('the budget of organization'),
    ])
  })

  it('that was raised is told of again when little is left of it again', async () => {
    await open({}, nano)
    const { store } = testRun.run.context
    await (await begin()).end({ ...tokens, input_tokens: 45 })
    await (await begin()).end(undefined)
    expect(notes.take()).toHaveLength(1)
    await (await begin()).end({ ...tokens, input_tokens: 60 })
    const waiting = begin()
    await expect.poll(() => asked.length).toBe(1)
    await changeTask(store, testRun.run.lease.task.id, { max_nano: 2 * nano })
    raised.resolve(true)

    await (await waiting).end(undefined)
    expect(notes.take()).toHaveLength(1)
    expect(await warnings()).toHaveLength(2)
  })
})

describe('what a request has reserved', () => {
  const reserved = async () => {
    const { db } = testRun.run.context.store
    const found = await db.selectFrom('model_requests').select(['id', 'reserved_nano']).execute()
    const accounts = await db.selectFrom('accounts').select('reserved_nano').execute()
    return { found, accounts: new Set(accounts.map(({ reserved_nano: held }) => held)) }
  }

  it('stands for the next one, which asks no store first, until the gateway is closed', async () => {
    await open({})
    await (await begin()).end(tokens)
    const before = await reserved()
    expect(before.found).toHaveLength(1)
    expect(before.accounts).toEqual(new Set([1.25 * nano]))

    const next = await begin()
    expect((await reserved()).found).toEqual(before.found)
    await next.end(tokens)
    expect(await usage()).toBe(2 * nano)

    await spending.close()
    expect(await reserved()).toEqual({ found: [], accounts: new Set([0]) })
  })

  it('is freed where a budget bounds it: each request asks', async () => {
    await open({}, 100 * nano)
    await (await begin()).end(tokens)

    expect(await reserved()).toEqual({ found: [], accounts: new Set([0]) })
  })
})
