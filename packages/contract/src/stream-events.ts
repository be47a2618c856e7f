import { AnswerError } from './answer-error.ts'
import type { Client } from './client.ts'
import type { Event } from './event.ts'
import { isEndState, State } from './states.ts'
import { waitForTask } from './wait-for-task.ts'

export interface StreamOptions {
  /** The id of the last event seen: what came before it is left out. GitHub has nothing to leave out. */
  after?: string
  /** The longest time between two looks where there are no events. Default 5000. */
  pollMs?: number
  signal?: AbortSignal
}

/**
 * What happens in a task until it has ended. Errand tells it all from the first event on, see
 * `Client.followEvents`. GitHub has no events: there the present state and each change of it is made one,
 * of the type `session.state_changed`, by looking again and again.
 */
export async function* streamEvents(
  client: Client,
  taskId: string,
  options: StreamOptions = {},
): AsyncGenerator<Event> {
  const { pollMs, after, signal } = options
  const stop = signal === undefined ? {} : { signal }
  try {
    yield* client.followEvents(taskId, { ...stop, ...(after !== undefined && { after }) })
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    // Either there are no events, or there is no such task: looking at it tells.
    yield* watchStates(client, taskId, { ...stop, ...(pollMs !== undefined && { pollMs }) })
  }
}

async function* watchStates(
  client: Client,
  taskId: string,
  options: Omit<StreamOptions, 'after'>,
): AsyncGenerator<Event> {
  let from: State | undefined
  for (let count = 1; ; count += 1) {
    const until = State.options.filter((state) => state !== from)
    const { task } = await waitForTask(client, taskId, { ...options, until })
    const session = task.sessions.at(-1)
    yield {
      id: String(count),
      type: 'session.state_changed',
      timestamp: task.updated_at ?? task.created_at,
      session_id: session?.id ?? task.id,
      data: {
        ...(from && { from }),
        to: task.state,
        ...(session?.error && { error: session.error }),
      },
    }
    if (isEndState(task.state) || task.state === 'idle') return
    from = task.state
  }
}
