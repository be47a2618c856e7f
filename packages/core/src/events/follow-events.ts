import { type Event, isEndState } from '@errand/contract'
import type { Store } from '../store/store.ts'
import { listEvents } from './list-events.ts'

/** How long a lost wake-up can delay an event. */
const pollMs = 2000

/**
 * The events of a task, first those there are, then each as it happens. Ends when the task has ended
 * and all was delivered, or when `signal` aborts.
 */
export async function* followEvents(
  store: Store,
  taskId: string,
  options: { after?: number; signal: AbortSignal },
): AsyncIterable<Event> {
  const wakeUp = createWakeUp(options.signal)
  const unsubscribe = store.changes.subscribe(`task:${taskId}`, wakeUp.wake)
  try {
    let after = options.after ?? 0
    while (!options.signal.aborted) {
      // The state is read before the events: the last event is written with the last state.
      const ended = await hasEnded(store, taskId)
      const { events } = await listEvents(store, taskId, { after, page: 1, per_page: 200 })
      for (const event of events) {
        yield event
        after = Number(event.id)
      }
      if (events.length > 0) continue
      if (ended) return
      await wakeUp.wait(pollMs)
    }
  } finally {
    unsubscribe()
  }
}

async function hasEnded(store: Store, taskId: string): Promise<boolean> {
  const task = await store.db
    .selectFrom('tasks')
    .select('state')
    .where('id', '=', taskId)
    .executeTakeFirst()
  return task === undefined || isEndState(task.state)
}

/** A bell: a ring while nobody waits is not forgotten. */
function createWakeUp(signal: AbortSignal) {
  let isRung = false
  let ring = (): void => {
    isRung = true
  }
  return {
    wake: () => ring(),
    async wait(timeoutMs: number): Promise<void> {
      if (!isRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs)
          ring = () => {
            clearTimeout(timer)
            resolve()
          }
          signal.addEventListener('abort', ring, { once: true })
        })
        signal.removeEventListener('abort', ring)
      }
      isRung = false
      ring = () => {
        isRung = true
      }
    },
  }
}
