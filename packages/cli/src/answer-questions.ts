import { setTimeout as delay } from 'node:timers/promises'
import type { Client, Event } from '@errand/contract'
import type { Terminal } from './terminal/terminal.ts'

/** What is read from the past is answered in the next moment: only then is a question really open. */
const settleMs = 300

export interface QuestionDesk extends Disposable {
  /** To be told of every event, in order. */
  notice(event: Event): void
  isAsking(): boolean
  /** Resolves when no answer is on its way; rejects with what went wrong with one. */
  finished(): Promise<void>
}

/**
 * Asks an agent's questions on the terminal, one at a time; one that was answered elsewhere is taken
 * away. Where nobody can be asked, the command that answers is printed.
 */
export function openQuestionDesk(terminal: Terminal, client: Client, taskId: string): QuestionDesk {
  let open: AbortController | undefined
  let isAsking = false
  let work = Promise.resolve()

  async function ask(stop: AbortSignal): Promise<void> {
    try {
      await delay(settleMs, undefined, { signal: stop })
      if (!terminal.canAsk) {
        terminal.err(`It waits for an answer: errand answer ${taskId} "TEXT"\n`)
        return
      }
      isAsking = true
      const content = await terminal.ask('Your answer: ', { signal: stop })
      await sendAnswer(client, taskId, content, terminal.signal)
    } catch (error) {
      if (!stop.aborted) throw error
    } finally {
      isAsking = false
    }
  }
  return {
    notice(event) {
      if (event.type === 'elicitation.requested' || event.type === 'elicitation.completed') {
        open?.abort()
      }
      if (event.type !== 'elicitation.requested') return
      const stop = new AbortController()
      open = stop
      work = work.then(() => ask(stop.signal))
      // Told by finished(); until then it must not count as unhandled.
      work.catch(() => {})
    },
    isAsking: () => isAsking,
    finished: () => work,
    [Symbol.dispose]: () => open?.abort(),
  }
}

/** Answers a task's open question. */
export async function sendAnswer(
  client: Client,
  taskId: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  const body = { type: 'ask_user_response' as const, content }
  await client.call('steerTask', { params: { task_id: taskId }, body, signal })
}
