import { expect, it, vi } from 'vitest'
import { createChangesHub, type Topic } from './changes.ts'
import { openStore } from './open.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { create, eventually } from '../testing/rows.ts'
import { notify } from './store.ts'
import { transact } from './transact.ts'

it('calls who subscribed, once per publish, until it unsubscribes', () => {
  const told: Topic[][] = []
  const hub = createChangesHub((topics) => told.push([...topics]))
  const calls: string[] = []
  const unsubscribe = hub.subscribe('queue', () => calls.push('queue'))
  hub.subscribe('task:1', () => calls.push('task'))

  hub.publish(['queue', 'queue', 'task:2'])
  unsubscribe()
  hub.publish(['queue'])

  expect(calls).toEqual(['queue'])
  expect(told).toEqual([['queue', 'task:2'], ['queue']])
  hub.close()
})

it('calls everybody now and then, in case a hint was lost', () => {
  vi.useFakeTimers()
  const hub = createChangesHub(() => undefined)
  let calls = 0
  hub.subscribe('queue', () => (calls += 1))

  vi.advanceTimersByTime(6100)
  hub.close()
  vi.advanceTimersByTime(6100)

  expect(calls).toBe(3)
  vi.useRealTimers()
})

describeOnEachStore('changes', (on) => {
  it('are told when the transaction is committed, and only then', async () => {
    let calls = 0
    const unsubscribe = on.store.changes.subscribe('task:x', () => (calls += 1))
    // Whoever subscribes is called now and then, whatever happened: those calls do not count.
    const unsubscribePolls = on.store.changes.subscribe('task:never', () => (calls -= 1))

    const failed = transact(on.store, (tx) => {
      notify(tx, 'task:x')
      return Promise.reject(new Error('rolled back'))
    })
    await expect(failed).rejects.toThrow('rolled back')
    expect(calls).toBe(0)

    await transact(on.store, (tx) => {
      notify(tx, 'task:x')
      expect(calls).toBe(0)
      return Promise.resolve()
    })
    expect(calls).toBe(1)
    unsubscribe()
    unsubscribePolls()
  })

  it('reach another process with the same database', async (context) => {
    context.skip(on.store.kind === 'pglite', 'one process only, by the lock')
    await using other = await openStore(on.database.options)
    const heard: string[] = []
    // The task's topic is told by nobody: it shows when the poll, not a hint, called.
    other.changes.subscribe('task:never', () => heard.push('poll'))
    other.changes.subscribe('queue', () => heard.push('queue'))
    await eventually(() => heard.length > 0)
    heard.length = 0

    await eventually(async () => {
      await create(on.store)
      // Heard more often than polled: one of them was a hint.
      return count(heard, 'queue') > count(heard, 'poll')
    })

    expect(count(heard, 'queue')).toBeGreaterThan(count(heard, 'poll'))
  })
})

function count(list: string[], item: string): number {
  return list.filter((other) => other === item).length
}
