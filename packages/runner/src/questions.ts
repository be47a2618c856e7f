import { askUser, createWake, putAway, takeAnswer } from '@errand/core'

import type { Run } from './run/run.ts'
import type { Workspace } from './workspace/workspace.ts'

export interface AskedQuestion {
  message: string
  requestedSchema?: unknown
  /** Set where Errand asks for a budget to be raised: the account it bounds. */
  accountId?: string
}

/** What an agent asks its user, and the wait for the answer. */
export interface Questions {
  /** The question nobody has answered yet. */
  readonly open: string | undefined
  /**
   * Puts a question to the user; the session waits from now on. A second one while one is open joins
   * it: one answer is given to both.
   *
   * @throws TooManyQuestions, or when the conversation is over
   */
  ask: (question: AskedQuestion) => Promise<string>
  /**
   * Waits for an answer with the box alive, for as long as the settings say. Without one the session
   * is put away: then it resolves to undefined, and `whenPutAway` with it.
   */
  answerTo(questionId: string): Promise<string | undefined>
  whenPutAway: Promise<'put_away'>
  /** What a put-away conversation is taken up again by. */
  conversationId: string
  /** Takes no more questions. False, and takes them still, if one has come in meanwhile. */
  close(): Promise<boolean>
}

/** An agent that asks more than this does not want an answer. */
const mostQuestions = 100
const pollMs = 1000

/** The agent asks more than it may, or when nobody listens any more. */
export class TooManyQuestions extends Error {}

export function openQuestions(run: Run, workspace: Workspace): Questions {
  const { store, settings } = run.context
  const away = Promise.withResolvers<'put_away'>()
  const waits = new Map<string, Promise<string | undefined>>()
  let open: string | undefined
  let asked = 0
  let isClosed = false
  let asking: Promise<unknown> = Promise.resolve()

  async function record(question: AskedQuestion): Promise<string> {
    await run.recorder.flush()
    // From here on somebody else may have to go on with these folders, should this process die.
    workspace.isKept = true
    const { question_id: id } = await askUser(store, run.lease, {
      message: run.mask.text(question.message),
      ...(question.requestedSchema == null
        ? {}
        : { requested_schema: run.mask.value(question.requestedSchema) }),
      ...(question.accountId === undefined ? {} : { account_id: question.accountId }),
    })
    open = id
    return id
  }

  async function wait(id: string): Promise<string | undefined> {
    run.clock.pause()
    const answer = (await untilAnswered(run, id)) ?? (await giveUpWaiting(id))
    if (answer === undefined) return undefined
    run.clock.resume()
    if (open === id) open = undefined
    workspace.isKept = open !== undefined
    return answer
  }

  async function giveUpWaiting(id: string): Promise<string | undefined> {
    const { live_wait_seconds: seconds } = settings.sessions
    await run.say(`Not answered within ${seconds} s: the box is put away until the answer comes.`)
    const outcome = await putAway(store, run.lease, {
      agent_session_id: questions.conversationId,
    })
    if (outcome === 'answered') return await takeAnswer(store, run.lease, id)
    run.letGo()
    away.resolve('put_away')
    return undefined
  }

  const questions: Questions = {
    get open() {
      return open
    },
    conversationId: '',
    whenPutAway: away.promise,
    async ask(question) {
      // Those about a budget are Errand's own: the agent cannot help how often it is used up.
      const isAgents = question.accountId === undefined
      if (isAgents) asked += 1
      if (isClosed || (isAgents && asked > mostQuestions)) {
        throw new TooManyQuestions('No more questions are taken')
      }
      const recorded = asking.then(() => record(question))
      asking = recorded.catch(() => undefined)
      return await recorded
    },
    async answerTo(id) {
      const waiting = waits.get(id) ?? wait(id)
      waits.set(id, waiting)
      return await waiting
    },
    async close() {
      isClosed = true
      await asking
      isClosed = open === undefined
      return isClosed
    },
  }
  return questions
}

/** Undefined when the live wait is over. */
async function untilAnswered(run: Run, questionId: string): Promise<string | undefined> {
  const { store, settings } = run.context
  const deadline = performance.now() + settings.sessions.live_wait_seconds * 1000
  const wake = createWake()
  const unsubscribe = store.changes.subscribe(`task:${run.lease.task.id}`, wake.wake)
  try {
    for (;;) {
      run.signal.throwIfAborted()
      const answer = await takeAnswer(store, run.lease, questionId)
      const leftMs = deadline - performance.now()
      if (answer !== undefined || leftMs <= 0) return answer
      await wake.sleep(Math.min(leftMs, pollMs), run.signal)
    }
  } finally {
    unsubscribe()
  }
}
