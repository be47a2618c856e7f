import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import { recordEvents } from '../sessions/record.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { ada, create, createLeased, mustLease } from '../testing/rows.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { followEvents } from './follow-events.ts'
import { listEvents } from './list-events.ts'

const never = new AbortController().signal

describeOnEachStore("listing a task's events", (on) => {
  it('pages, and goes on after an id', async () => {
    const { task, lease } = await createLeased(on.store)
    await recordEvents(
      on.store,
      lease,
      Array.from({ length: 5 }, (_, i) => ({
        type: 'assistant.message',
        data: { content: String(i) },
      })),
    )

    const second = await listEvents(on.store, task.id, { page: 2, per_page: 3 })
    const after = await listEvents(on.store, task.id, { after: 5, page: 1, per_page: 10 })

    expect(second.events.map((event) => event.id)).toEqual(['4', '5', '6'])
    expect(second.total).toBe(7)
    expect(after.events.map((event) => event.id)).toEqual(['6', '7'])
    expect(after.events[0]?.timestamp).toBe(on.clock.now().toISOString())
  })
})

describeOnEachStore("following a task's events", (on) => {
  async function collect(taskId: string, after?: number): Promise<string[]> {
    const ids: string[] = []
    const options = { signal: never, ...(after === undefined ? {} : { after }) }
    for await (const event of followEvents(on.store, taskId, options)) ids.push(event.id)
    return ids
  }

  it('gives what was, then what happens, and ends with the task', async () => {
    const task = await create(on.store)
    const following = collect(task.id)
    const lease = await mustLease(on.store)
    for (let i = 0; i < 5; i += 1) {
      await recordEvents(on.store, lease, [{ type: 'assistant.message', data: { content: 'x' } }])
    }
    await endSession(on.store, lease, { state: 'completed' })

    expect(await following).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'])
  })

  it('goes on where it was left', async () => {
    const { task, lease } = await createLeased(on.store)
    await endSession(on.store, lease, { state: 'completed' })

    expect(await collect(task.id, 2)).toEqual(['3'])
    expect(await collect(task.id, 3)).toEqual([])
    expect(await collect(task.id, 99)).toEqual([])
  })

  it('goes on into the session that a late message makes', async () => {
    const { task, lease } = await createLeased(on.store)
    await steerTask(on.store, task.id, { type: 'user_message', content: 'more', by: ada })
    const following = collect(task.id)
    await endSession(on.store, lease, { state: 'completed' })
    const next = await mustLease(on.store)

    await endSession(on.store, next, { state: 'completed' })

    expect(await following).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  it('gives every follower every event, once and in order', async () => {
    const { task, lease } = await createLeased(on.store)
    const followers = Array.from({ length: 5 }, () => collect(task.id))
    await Promise.all(
      Array.from({ length: 20 }, () =>
        recordEvents(on.store, lease, [{ type: 'assistant.message', data: { content: 'x' } }]),
      ),
    )
    await cancelTask(on.store, task.id, 'ada')

    const all = Array.from({ length: 24 }, (_, i) => String(i + 1))
    expect(await Promise.all(followers)).toEqual(followers.map(() => all))
  })

  it('stops when it is told to', async () => {
    const task = await create(on.store)
    const stop = new AbortController()
    const ids: string[] = []

    for await (const event of followEvents(on.store, task.id, { signal: stop.signal })) {
      ids.push(event.id)
      queueMicrotask(() => stop.abort())
    }

    expect(ids).toEqual(['1'])
  })

  it('knows no task that is not there', async () => {
    const following = collect('00000000-0000-4000-8000-000000000000')

    await expect(following).rejects.toMatchObject({ errorName: 'not_found' })
  })
})
