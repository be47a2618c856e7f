import { randomUUID } from 'node:crypto'
import { Settings, UsageKey } from '@errand/contract'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { takeAnswer, askUser, putAway } from '../sessions/questions.ts'
import { sweepSessions } from '../sessions/sweep.ts'
import { releaseLease } from '../sessions/lost.ts'
import type { Lease } from '../sessions/fence.ts'
import { changeTask } from '../tasks/change-task.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { getTask } from '../tasks/get-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import {
  ada,
  allEvents,
  aRepository,
  create,
  createLeased,
  grace,
  mustLease,
} from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { addUpUsage } from './add-up-usage.ts'
import { countRequest } from './count-request.ts'
import { reserveRequest } from './reserve-request.ts'
import { resumePaused } from './resume-paused.ts'
import { sweepRequests } from './sweep-requests.ts'
import { noTokens } from './token-counts.ts'

const unbounded = Settings.parse({})
const boundTo = (aiCredits: number, more: object = {}) =>
  Settings.parse({
    budgets: [{ scope: 'organization', name: 'OWNER-100', ai_credits: aiCredits, ...more }],
  })
const tokens = { ...noTokens, input_tokens: 10, cached_input_tokens: 4, output_tokens: 5 }
const credit = 1e9

describeOnEachStore('what a session spends', (on) => {
  const reserve = async (lease: Lease, credits: number, settings = unbounded) => {
    const request = { id: randomUUID(), model: 'm', most_nano: credits * credit }
    return { id: request.id, ...(await reserveRequest(on.store, lease, request, settings)) }
  }
  const count = (id: string, credits: number, isFinal = true) =>
    countRequest(on.store, id, { tokens, nano: credits * credit }, { isFinal })
  const accounts = async () => {
    const rows = await on.store.db.selectFrom('accounts').selectAll().orderBy('id').execute()
    return rows.map(({ id, ...sums }) => [id.split(':')[0], sums])
  }
  const bothIn = (spent: number, reserved: number) =>
    ['organization', 'repository', 'task', 'user'].map((scope) => [
      scope,
      { spent_nano: spent * credit, reserved_nano: reserved * credit },
    ])

  it('is counted by model and day, in the session and in all its accounts', async () => {
    const { task, lease } = await createLeased(on.store)
    const first = await reserve(lease, 3)
    const second = await reserve(lease, 4)
    expect(await accounts()).toEqual(bothIn(0, 7))

    await count(first.id, 1)
    await count(second.id, 2)

    expect(await accounts()).toEqual(bothIn(3, 0))
    expect((await getTask(on.store, task.id))?.sessions[0]?.usage_nano).toBe(3 * credit)
    expect(await on.store.db.selectFrom('usage').selectAll().execute()).toMatchObject([
      {
        model: 'm',
        day: on.clock.now().toISOString().slice(0, 10),
        requests: 2,
        input_tokens: 20,
        cached_input_tokens: 8,
        output_tokens: 10,
        nano: 3 * credit,
      },
    ])
  })

  it('is added up by each key, within the days and for whom it is asked', async () => {
    const first = await createLeased(on.store)
    await count((await reserve(first.lease, 3)).id, 1)
    const since = on.clock.now().toISOString().slice(0, 10)
    on.clock.advance({ minutes: 24 * 60 })
    const until = on.clock.now().toISOString().slice(0, 10)
    const second = await createLeased(on.store, { creator: grace, repository: aRepository(2, 100) })
    const request = { id: randomUUID(), model: 'other', most_nano: credit }
    await reserveRequest(on.store, second.lease, request, unbounded)
    await count(request.id, 2)
    const sums = async (by: UsageKey, more: object = {}) =>
      (await addUpUsage(on.store, { by, since, until, ...more })).map(({ key, nano }) => [
        key,
        Number(nano) / credit,
      ])

    expect({
      model: await sums('model'),
      repository: await sums('repository'),
      user: await sums('user'),
      day: await sums('day'),
    }).toEqual({
      model: [
        ['other', 2],
        ['m', 1],
      ],
      repository: [
        [second.task.repository_full_name, 2],
        [first.task.repository_full_name, 1],
      ],
      user: [
        ['grace', 2],
        ['ada', 1],
      ],
      day: [
        [since, 1],
        [until, 2],
      ],
    })
    for (const by of UsageKey.options) {
      expect(await sums(by, { since: until })).toHaveLength(1)
      expect(await sums(by, { user_id: ada.id })).toHaveLength(1)
      expect(await sums(by, { owner_id: 100 })).toHaveLength(2)
      expect(await sums(by, { owner_id: 101 })).toEqual([])
    }
  })

  it('counts what was reported early once, and no request twice', async () => {
    const { lease } = await createLeased(on.store)
    const { id } = await reserve(lease, 3)

    await count(id, 1, false)
    expect(await accounts()).toEqual(bothIn(1, 3))
    await count(id, 2)
    await count(id, 2)

    expect(await accounts()).toEqual(bothIn(2, 0))
    expect(
      await on.store.db.selectFrom('usage').select(['requests', 'input_tokens']).execute(),
    ).toEqual([{ requests: 1, input_tokens: 10 }])
  })

  it('may keep what it has reserved for the next, which is then counted by itself', async () => {
    const { lease } = await createLeased(on.store)
    const { id } = await reserve(lease, 3)
    const next = { id: randomUUID(), most_nano: 4 * credit }
    const counted = { tokens, nano: credit }
    // Twice, as after a lost connection.
    for (const _ of ['sent', 'sent again']) {
      await countRequest(on.store, id, counted, { isFinal: true, next })
    }
    expect(await accounts()).toEqual(bothIn(1, 4))

    await count(next.id, 2)

    expect(await accounts()).toEqual(bothIn(3, 0))
    expect(
      await on.store.db.selectFrom('usage').select(['requests', 'input_tokens']).execute(),
    ).toEqual([{ requests: 2, input_tokens: 20 }])
  })

  it('frees what was reserved for a request that reported nothing', async () => {
    const { lease } = await createLeased(on.store)
    const { id } = await reserve(lease, 3)
    await countRequest(on.store, id, undefined, { isFinal: true })

    expect(await accounts()).toEqual(bothIn(0, 0))
    expect(await on.store.db.selectFrom('usage').selectAll().execute()).toEqual([])
  })

  it('keeps what a lost runner had counted, frees the rest, and takes what it counts late', async () => {
    const { lease } = await createLeased(on.store)
    const { id } = await reserve(lease, 5)
    await count(id, 1, false)
    expect(await sweepRequests(on.store)).toBe(0)
    await releaseLease(on.store, lease)

    expect(await sweepRequests(on.store)).toBe(1)
    expect(await sweepRequests(on.store)).toBe(0)
    expect(await accounts()).toEqual(bothIn(1, 0))

    await count(id, 2)
    expect(await accounts()).toEqual(bothIn(2, 0))
  })

  it('reserves nothing without the lease', async () => {
    const { task, lease } = await createLeased(on.store)
    await cancelTask(on.store, task.id, 'ada')

    expect(await reserve(lease, 1)).toMatchObject({ outcome: 'stale' })
    expect(await accounts()).toEqual(bothIn(0, 0))
  })

  it('the same request sent again is not used up by what it has reserved itself', async () => {
    const { lease } = await createLeased(on.store)
    const request = { id: randomUUID(), model: 'm', most_nano: 2 * credit }
    for (const _ of ['sent', 'sent again']) {
      const reserved = await reserveRequest(on.store, lease, request, boundTo(1))
      expect(reserved).toMatchObject({ outcome: 'reserved' })
    }

    expect(await reserve(lease, 1, boundTo(1))).toMatchObject({ outcome: 'used_up' })
    expect(await accounts()).toEqual(bothIn(0, 2))
  })

  it('the same request sent again, as after a lost connection, is reserved once', async () => {
    const { lease } = await createLeased(on.store)
    const request = { id: randomUUID(), model: 'm', most_nano: credit }
    await reserveRequest(on.store, lease, request, unbounded)
    await reserveRequest(on.store, lease, request, unbounded)

    expect(await accounts()).toEqual(bothIn(0, 1))
  })

  it('is bounded by a budget, with what is reserved for others; the next month has one of its own', async () => {
    const { lease } = await createLeased(on.store)
    const settings = boundTo(10)
    const first = await reserve(lease, 6, settings)
    expect(first).toMatchObject({ outcome: 'reserved', near: [] })
    expect(await reserve(lease, 6, settings)).toMatchObject({ outcome: 'reserved' })

    const refused = await reserve(lease, 1, settings)
    expect(refused).toMatchObject({
      outcome: 'used_up',
      spent: { budget: { scope: 'organization', name: 'owner-100', limit_nano: 10 * credit } },
    })
    await count(first.id, 1)
    expect(await reserve(lease, 1, settings)).toMatchObject({ outcome: 'reserved' })

    on.clock.advance({ minutes: 32 * 24 * 60 })
    expect(await reserve(lease, 1, boundTo(1))).toMatchObject({ outcome: 'reserved' })
  })

  it('tells when little is left, and goes on over a budget that only warns', async () => {
    const { lease } = await createLeased(on.store)
    const warning = boundTo(10, { prevent_further_usage: false })
    const { id } = await reserve(lease, 8, warning)
    await count(id, 12)

    expect(await reserve(lease, 8, warning)).toMatchObject({
      outcome: 'reserved',
      near: [{ budget: { prevents: false }, spent_nano: 12 * credit }],
    })
  })

  it('is refused where the model is dearer than the task may use, also when that is changed', async () => {
    const { task, lease } = await createLeased(on.store, { max_multiplier: 1 })
    const ask = (multiplier: number) =>
      reserveRequest(
        on.store,
        lease,
        { id: randomUUID(), model: 'm', most_nano: credit, multiplier },
        unbounded,
      )
    expect(await ask(1)).toMatchObject({ outcome: 'reserved' })
    expect(await ask(3)).toEqual({ outcome: 'too_dear', max_multiplier: 1 })
    expect(await accounts()).toEqual(bothIn(0, 1))

    await changeTask(on.store, task.id, { max_multiplier: null })
    expect(await ask(3)).toMatchObject({ outcome: 'reserved' })
  })

  it("waits where the task's own budget is used up, until it is raised", async () => {
    const { task, lease } = await createLeased(on.store, { max_nano: 2 * credit })
    const { id } = await reserve(lease, 1)
    await count(id, 3)
    const refused = await reserve(lease, 1)
    expect(refused).toMatchObject({ outcome: 'used_up', spent: { budget: { scope: 'task' } } })
    const { question_id: question } = await askUser(on.store, lease, {
      message: 'The budget is used up.',
      account_id: `task:${task.id}`,
    })
    expect(await getTask(on.store, task.id)).toMatchObject({ state: 'waiting_for_user' })
    const said = await steerTask(on.store, task.id, {
      type: 'user_message',
      content: 'go on',
      by: ada,
    })
    expect(said.outcome).toBe('queued')
    expect(await resumePaused(on.store, unbounded)).toBe(0)

    await changeTask(on.store, task.id, { max_nano: 5 * credit })

    expect(await resumePaused(on.store, unbounded, task.id)).toBe(1)
    expect(await takeAnswer(on.store, lease, question)).toContain('go on')
    expect(await getTask(on.store, task.id)).toMatchObject({ state: 'in_progress' })
    expect(await reserve(lease, 1)).toMatchObject({ outcome: 'reserved' })
  })

  it('a session that was put away is queued again when its budget has room', async () => {
    const { task, lease } = await createLeased(on.store, { max_nano: credit })
    await askUser(on.store, lease, { message: 'Used up.', account_id: `task:${task.id}` })
    await putAway(on.store, lease, { agent_session_id: 'a' })

    expect(await resumePaused(on.store, unbounded)).toBe(1)

    expect(await mustLease(on.store)).toMatchObject({ resume: true })
  })

  it('fails, saying why, when its budget is not raised in time', async () => {
    const { task, lease } = await createLeased(on.store, { max_nano: 1 })
    await askUser(on.store, lease, { message: 'It is used up.', account_id: `task:${task.id}` })
    const { id } = await reserve(lease, 1)
    await count(id, 1)
    on.clock.advance({ minutes: 20_000 })

    await sweepSessions(on.store, Settings.parse({}))

    expect(await getTask(on.store, task.id)).toMatchObject({
      state: 'failed',
      sessions: [{ error: { title: 'Budget used up', message: /It is used up\..*not raised/ } }],
    })
    expect((await allEvents(on.store, task.id)).at(-1)?.type).toBe('session.state_changed')
  })
})

describeOnEachStore('a hundred sessions under one budget', (on) => {
  it('never overspend it by more than one request each in flight, and lose nothing', async () => {
    const sessions = 100
    const mostCredits = 3
    const leases = await leaseMany(sessions)
    const steps = fc.array(
      fc.record({ session: fc.nat(sessions - 1), used: fc.nat(mostCredits) }),
      { minLength: 300, maxLength: 400 },
    )
    const limits = fc.integer({ min: 1, max: 200 })
    // What is reserved is rather too much; where it is too little all may go over at once.
    const reserved = fc.constantFrom(1, mostCredits)
    await fc.assert(
      fc.asyncProperty(steps, limits, reserved, async (all, limit, most) => {
        await on.store.db.deleteFrom('accounts').execute()
        await on.store.db.deleteFrom('usage').execute()
        const bySession = Map.groupBy(all, ({ session }) => session)
        const spent = await Promise.all(
          // There: sessions are drawn below the number of leases.
          [...bySession].map(([place, own]) => spendUntilUsedUp(leases[place]!, own, most, limit)),
        )
        const used = spent.reduce((sum, one) => sum + one, 0)

        const account = await on.store.db
          .selectFrom('accounts')
          .selectAll()
          .where('id', 'like', 'organization:%')
          .executeTakeFirst()
        expect(account).toMatchObject({ spent_nano: used * credit, reserved_nano: 0 })
        const over = most === mostCredits ? mostCredits : mostCredits * sessions
        expect(used).toBeLessThan(limit + over)
        const usage = await on.store.db.selectFrom('usage').select('nano').execute()
        expect(usage.reduce((sum, { nano }) => sum + nano, 0)).toBe(used * credit)
      }),
      { numRuns: 4 },
    )
  })

  async function leaseMany(sessions: number): Promise<Lease[]> {
    const places = Array.from({ length: sessions }, (_, place) => place + 1)
    await Promise.all(
      places.map((place) => create(on.store, { repository: aRepository(place, 100) })),
    )
    const limits = { total: 200, per_owner: 200, per_repository: 200, per_model: 200 }
    const leases: Lease[] = []
    while (leases.length < sessions) leases.push(await mustLease(on.store, { limits }))
    return leases
  }

  /** One request at a time, as an agent sends them. */
  async function spendUntilUsedUp(
    lease: Lease,
    steps: { used: number }[],
    most: number,
    limit: number,
  ): Promise<number> {
    let sum = 0
    for (const { used } of steps) {
      const request = { id: randomUUID(), model: 'm', most_nano: most * credit }
      const { outcome } = await reserveRequest(on.store, lease, request, boundTo(limit))
      if (outcome !== 'reserved') break
      const count = { tokens: noTokens, nano: used * credit }
      await countRequest(on.store, request.id, count, { isFinal: true })
      sum += used
    }
    return sum
  }
})
