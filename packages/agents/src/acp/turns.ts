import type { PromptResponse } from '@agentclientprotocol/sdk'

/** The turns of sessions: one at a time in each, the others wait for it. */
export interface Turns {
  /**
   * Runs `turn` after those of the same session that came before. `requestSignal` is the request's
   * own, aborted when its client takes it back or is gone.
   */
  run(
    sessionId: string,
    requestSignal: AbortSignal,
    turn: (signal: AbortSignal) => Promise<PromptResponse>,
  ): Promise<PromptResponse>
  /** Cancels the running turn of a session and those that wait. */
  cancel(sessionId: string): void
}

interface Queue {
  last: Promise<unknown>
  cancelled: AbortController
}

export function createTurns(): Turns {
  const queues = new Map<string, Queue>()
  return {
    run(sessionId, requestSignal, turn) {
      const queue = queues.get(sessionId) ?? newQueue(Promise.resolve())
      const signal = AbortSignal.any([queue.cancelled.signal, requestSignal])
      const answer = runAfter(queue.last, signal, turn)
      const settled = answer.then(
        () => undefined,
        () => undefined,
      )
      queues.set(sessionId, { ...queue, last: settled })
      return answer
    },
    cancel(sessionId) {
      const queue = queues.get(sessionId)
      if (queue === undefined) return
      // What is sent after the cancellation is a new wish, and runs.
      queues.set(sessionId, newQueue(queue.last))
      queue.cancelled.abort()
    },
  }
}

function newQueue(last: Promise<unknown>): Queue {
  return { last, cancelled: new AbortController() }
}

async function runAfter(
  before: Promise<unknown>,
  signal: AbortSignal,
  turn: (signal: AbortSignal) => Promise<PromptResponse>,
): Promise<PromptResponse> {
  await before
  if (signal.aborted) return { stopReason: 'cancelled' }
  try {
    return await turn(signal)
  } catch (error) {
    // ACP wants a cancelled turn to end as one, whatever the cancellation broke on its way.
    if (signal.aborted) return { stopReason: 'cancelled' }
    throw error
  }
}
