import { createWake, hasMessages, isDisconnected, StaleAttempt, takeMessages } from '@errand/core'

import type { AgentNotes } from './agent-notes.ts'
import type { Agent, Turn } from './agent/start-agent.ts'
import type { ToolCalls } from './agent/tool-calls.ts'
import { RunStopped } from './failures.ts'
import type { Questions } from './questions.ts'
import type { Run } from './run/run.ts'

/** What came of the messages of a turn. */
interface Steered {
  /** Messages that were taken, and that the agent is to be told as its next prompt. */
  unheard: string[]
  /** Whether the turn was broken off for them. */
  isCancelled: boolean
}

export type SteeredTurn = Omit<Turn, 'unheard'> & Steered

/** One message to an agent: notes of Errand's own, and what the user says. */
interface Said {
  own: string[]
  messages: string[]
}

/** Hands on what the user says while a turn is running. */
export interface Steering extends AsyncDisposable {
  /**
   * The turn is over.
   *
   * @param unheard how many of the messages that the agent took it has not heard. Default: none
   */
  end(unheard?: number): Promise<Steered>
}

const pollMs = 1000
/** Every event of the task wakes us, and an agent can make many. */
const restMs = 200

/**
 * What the user says while the agent works, and what Errand notes, takes effect after the tool call it
 * is at: it is put into the turn where the agent takes that, else the turn is broken off and begun again
 * with it. Never earlier: there is an agent that leaves a running tool behind when it is spoken to.
 *
 * A message that was taken and not heard, since this process died, is told again by the next attempt.
 */
export function steerTurn(
  run: Run,
  agent: Agent,
  {
    questions,
    notes,
    toolCalls,
  }: { questions: Questions; notes: AgentNotes; toolCalls: ToolCalls },
): Steering {
  const { store } = run.context
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, run.signal])
  const whenOver = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const wake = createWake()
  const unsubscribe = store.changes.subscribe(`task:${run.lease.task.id}`, wake.wake)
  const unsubscribeNotes = notes.subscribe(wake.wake)
  const steered: Steered = { unheard: [], isCancelled: false }
  /** What the agent took, piece by piece. */
  const taken: Said[] = []

  async function watch(): Promise<void> {
    while (!signal.aborted && !steered.isCancelled) {
      // What is said while a question is open is its answer.
      if (questions.open === undefined && (await isAnythingToSay())) {
        await untilIdle()
        if (signal.aborted) return
        await handOn()
      }
      await wake.sleep(pollMs, signal)
      if (!signal.aborted) await createWake().sleep(restMs, signal)
    }
  }

  async function untilIdle(): Promise<void> {
    await Promise.race([toolCalls.whenIdle(), whenOver])
  }

  async function isAnythingToSay(): Promise<boolean> {
    return !notes.isEmpty || (await hasMessages(store, run.lease.session.id))
  }

  async function handOn(): Promise<void> {
    const messages = (await takeMessages(store, run.lease)).map(({ content }) => content)
    const own = notes.take()
    const message = [...own, ...messages].join('\n\n')
    if (message === '') return
    if (await isPutIn(message)) {
      taken.push({ own, messages })
      return
    }
    keepUnheard(steered, notes, { own, messages })
    await untilIdle()
    if (signal.aborted) return
    steered.isCancelled = true
    await agent.cancel(questions.conversationId)
  }

  /** Whether the running turn has taken it. */
  async function isPutIn(message: string): Promise<boolean> {
    if (!agent.canSteer) return false
    // While it was taken from the store, the agent may have begun its next call.
    await untilIdle()
    return !signal.aborted && (await agent.steer(questions.conversationId, message))
  }

  const watching = watch().catch((error: unknown) => {
    if (signal.aborted) return
    if (error instanceof StaleAttempt || isDisconnected(error)) {
      run.stop(new RunStopped('lease_lost', error))
    } else throw error
  })
  // Whoever ends it hears of it; until then nobody listens.
  watching.catch(() => undefined)

  async function end(unheard = 0): Promise<Steered> {
    over.abort()
    unsubscribe()
    unsubscribeNotes()
    await watching
    // They were said before those that the agent did not take any more.
    const later = steered.unheard.splice(0)
    for (const said of taken.splice(Math.max(taken.length - unheard, 0))) {
      keepUnheard(steered, notes, said)
    }
    steered.unheard.push(...later)
    return steered
  }
  return {
    end,
    async [Symbol.asyncDispose]() {
      // How the turn failed is told instead.
      await end().catch(() => undefined)
    },
  }
}

function keepUnheard(steered: Steered, notes: AgentNotes, { own, messages }: Said): void {
  steered.unheard.push(...messages)
  // They come before the next prompt, if there is one: an agent that is done need not hear them.
  for (const note of own) notes.add(note)
}
