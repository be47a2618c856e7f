import { expect, it } from 'vitest'
import { describeOnEachStore } from '../testing/stores.ts'
import { aRepository, create, createLeased, lease, mustLease, settings } from '../testing/rows.ts'
import { getTask } from '../tasks/get-task.ts'
import { beatLease } from './beat.ts'
import { endSession } from './end.ts'
import { StaleAttempt } from './fence.ts'
import { askUser, putAway } from './questions.ts'

const { limits } = settings

describeOnEachStore('leasing a session', (on) => {
  it('gives nothing while nothing is queued', async () => {
    expect(await lease(on.store)).toBeUndefined()
  })

  it('starts the session, with a new attempt and a time until which it must be heard of', async () => {
    const task = await create(on.store)

    const leased = await mustLease(on.store, { runner_id: 'r-9', lease_seconds: 15 })

    expect(leased).toMatchObject({
      attempt: 1,
      runner_id: 'r-9',
      resume: false,
      replay: [],
      task: { id: task.id, state: 'in_progress' },
      session: {
        state: 'in_progress',
        attempt: 1,
        started_at: on.clock.now(),
        lease_expires_at: new Date(on.clock.now().getTime() + 15_000),
      },
    })
  })

  it('takes the highest priority first, and the oldest among equals', async () => {
    const low = await create(on.store, { priority: -1 })
    const first = await create(on.store)
    const second = await create(on.store)
    const high = await create(on.store, { priority: 5 })

    const order = []
    for (let i = 0; i < 4; i += 1) order.push((await mustLease(on.store)).task.id)

    expect(order).toEqual([high.id, first.id, second.id, low.id])
  })

  it('takes only sessions on the models it is asked for', async () => {
    await create(on.store, { model: 'small' })
    const big = await create(on.store, { model: 'big' })

    expect((await mustLease(on.store, { models: ['big'] })).task.id).toBe(big.id)
    expect(await lease(on.store, { models: ['big'] })).toBeUndefined()
    expect(await lease(on.store, { models: [] })).toBeUndefined()
  })

  it.each([
    ['in total', { total: 1 }, {}],
    ['per owner', { per_owner: 1 }, { repository: aRepository(11, 100) }],
    ['per repository', { per_repository: 1 }, { model: 'other' }],
    ['per model', { per_model: 1 }, { repository: aRepository(12, 101) }],
  ])('holds the limit %s', async (_name, limit, alike) => {
    await create(on.store)
    await create(on.store, alike)
    const admitted = { limits: { ...limits, ...limit } }
    const first = await mustLease(on.store, admitted)

    expect(await lease(on.store, admitted)).toBeUndefined()

    await endSession(on.store, first, { state: 'completed' })
    expect(await lease(on.store, admitted)).toBeDefined()
  })

  it('lets those behind a group at its limit pass', async () => {
    for (let i = 0; i < 3; i += 1) await create(on.store, { priority: 9 })
    const other = await create(on.store, { repository: aRepository(20, 200) })
    const admitted = { limits: { ...limits, per_owner: 1 } }
    await mustLease(on.store, admitted)

    expect((await mustLease(on.store, admitted)).task.id).toBe(other.id)
    expect(await lease(on.store, admitted)).toBeUndefined()
  })

  it('never admits more than the limits, however many ask at once', async () => {
    for (let i = 0; i < 12; i += 1) {
      await create(on.store, { repository: aRepository(i % 3, 100 + (i % 2)) })
    }
    const admitted = { limits: { ...limits, total: 5, per_owner: 3, per_repository: 2 } }

    const leases = await Promise.all(Array.from({ length: 12 }, () => lease(on.store, admitted)))

    const running = leases.filter((leased) => leased !== undefined)
    expect(new Set(running.map((leased) => leased.session.id)).size).toBe(running.length)
    expect(running).toHaveLength(5)
    const owners = running.map((leased) => leased.session.owner_id)
    const repositories = running.map((leased) => leased.session.repository_id)
    expect(Math.max(...[100, 101].map((id) => count(owners, id)))).toBeLessThanOrEqual(3)
    expect(Math.max(...[0, 1, 2].map((id) => count(repositories, id)))).toBeLessThanOrEqual(2)
  })

  it('counts a session whose runner went silent until it is taken back', async () => {
    await create(on.store)
    await create(on.store)
    const admitted = { limits: { ...limits, total: 1 } }
    await mustLease(on.store, admitted)

    on.clock.advance({ minutes: 1 })

    expect(await lease(on.store, admitted)).toBeUndefined()
  })

  it('gives the slot of a waiting session free when its box is put away, not before', async () => {
    const { lease: first } = await createLeased(on.store)
    await create(on.store)
    const admitted = { limits: { ...limits, total: 1 } }
    await askUser(on.store, first, { message: 'Which?' })
    expect(await lease(on.store, admitted)).toBeUndefined()

    await putAway(on.store, first, { agent_session_id: 'acp-1' })

    expect(await lease(on.store, admitted)).toBeDefined()
  })
})

describeOnEachStore('a beat', (on) => {
  it('keeps the lease for another while', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    on.clock.advance({ seconds: 10 })

    await beatLease(on.store, leased, 15)

    const detail = await getTask(on.store, task.id)
    expect(detail?.sessions[0]?.lease_expires_at).toEqual(
      new Date(on.clock.now().getTime() + 15_000),
    )
  })

  it('is refused once the session has ended', async () => {
    const { lease: leased } = await createLeased(on.store)
    await endSession(on.store, leased, { state: 'completed' })

    await expect(beatLease(on.store, leased, 15)).rejects.toThrow(StaleAttempt)
  })
})

describeOnEachStore(
  "a lease by the database's clock",
  (on) => {
    it('runs from now on', async () => {
      await create(on.store)
      const before = Date.now()

      const { session } = await mustLease(on.store, { lease_seconds: 60 })

      const untilMs = (session.lease_expires_at?.getTime() ?? 0) - before
      expect(untilMs).toBeGreaterThan(59_000)
      expect(untilMs).toBeLessThan(65_000)
    })
  },
  { clock: 'database' },
)

function count(list: number[], item: number): number {
  return list.filter((other) => other === item).length
}
