import { ErrandError, type Event, isEndState } from '@errand/contract'
import { isDisconnected } from '../store/connection-lost.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { listEvents } from './list-events.ts'

/**
 * The events of a task, first those there are, then each as it happens. Ends when the task has ended
 * and all was delivered, or when `signal` aborts. It outlives a restart of the database.
 *
 * @throws ErrandError not_found
 */
export async function* followEvents(
  store: Store,
  taskId: string,
  options: { after?: number; signal: AbortSignal },
): AsyncIterable<Event> {
  const { signal } = options
  const bell = createBell(signal)
  const unsubscribe = store.changes.subscribe(`task:${taskId}`, () => bell.ring())
  try {
    let after = options.after ?? 0
    while (!signal.aborted) {
      const found = await readAfter(store, taskId, after, signal)
      for (const event of found.events) {
        yield event
        after = Number(event.id)
      }
      if (found.events.length > 0) continue
      if (found.hasEnded) return
      await bell.wait()
    }
  } finally {
    unsubscribe()
  }
}

async function readAfter(
  store: Store,
  taskId: string,
  after: number,
  signal: AbortSignal,
): Promise<{ events: Event[]; hasEnded: boolean }> {
  while (!signal.aborted) {
    try {
      // The state is read before the events: the last event is written with the last state.
      const hasEnded = await readHasEnded(store, taskId)
      const { events } = await listEvents(store, taskId, { after, page: 1, per_page: 200 })
      return { events, hasEnded }
    } catch (error) {
      if (!isDisconnected(error)) throw error
      store.log.warn({ err: error, task_id: taskId }, 'the events of a task have to wait')
    }
  }
  return { events: [], hasEnded: true }
}

async function readHasEnded(store: Store, taskId: string): Promise<boolean> {
  const task = await patiently(() =>
    store.db.selectFrom('tasks').select('state').where('id', '=', taskId).executeTakeFirst(),
  )
  if (task === undefined) throw new ErrandError('not_found')
  return isEndState(task.state)
}

/** A bell: a ring while nobody waits is not forgotten. `signal` rings it as well. */
function createBell(signal: AbortSignal): { ring(): void; wait(): Promise<void> } {
  let hasRung = false
  let wakeUp: (() => void) | undefined
  function ring(): void {
    hasRung = true
    wakeUp?.()
  }
  return {
    ring,
    async wait() {
      if (!hasRung && !signal.aborted) {
        signal.addEventListener('abort', ring, { once: true })
        await new Promise<void>((resolve) => {
          wakeUp = resolve
        })
        signal.removeEventListener('abort', ring)
      }
      wakeUp = undefined
      hasRung = false
    },
  }
}
