import { randomUUID } from 'node:crypto'
import { appendEvents } from '../events/append-events.ts'
import { eventTextLimit, storableJson, storableText } from '../events/storable-json.ts'
import type { SessionRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { fenced, type Lease } from './fence.ts'
import { transition } from './transition.ts'

/** What an agent asks: a text, and the form of the answer as ACP's elicitation describes it. */
export interface Question {
  message: string
  requested_schema?: unknown
  /** Set where Errand asks, as this account's budget is used up: raising it is the answer. */
  account_id?: string
}

/**
 * The agent asks: the session waits for the user from now on. A second question while one is open
 * joins it, under the same id: one answer is given to both.
 *
 * @throws StaleAttempt when the lease was lost.
 */
export async function askUser(
  store: Store,
  lease: Lease,
  question: Question,
): Promise<{ question_id: string }> {
  return await fenced(store, lease, async (tx, session) => {
    const asked: Question = {
      message: storableText(question.message, eventTextLimit),
      ...(question.requested_schema === undefined
        ? {}
        : { requested_schema: storableJson(question.requested_schema) }),
      ...(question.account_id === undefined ? {} : { account_id: question.account_id }),
    }
    const open = await openQuestion(tx, session.id)
    if (open === undefined) return { question_id: await openNew(store, tx, session, asked) }
    await tellQuestion(store, tx, session, open.id, asked)
    await tx
      .updateTable('questions')
      .set({
        message: `${open.message}\n\n${asked.message}`,
        requested_schema: null,
        // What is asked of the user as well is answered by the user.
        account_id: open.account_id === asked.account_id ? open.account_id : null,
      })
      .where('id', '=', open.id)
      .execute()
    return { question_id: open.id }
  })
}

async function openNew(
  store: Store,
  tx: Tx,
  session: SessionRow,
  asked: Question,
): Promise<string> {
  const id = randomUUID()
  const number = await tellQuestion(store, tx, session, id, asked)
  await tx
    .insertInto('questions')
    .values({
      id,
      session_id: session.id,
      number,
      attempt: session.attempt,
      message: asked.message,
      requested_schema:
        asked.requested_schema === undefined ? null : JSON.stringify(asked.requested_schema),
      account_id: asked.account_id ?? null,
      answer: null,
      answered_at: null,
      created_at: now(store),
    })
    .execute()
  // It waits already where the answer to an earlier question is still to be taken.
  if (session.state === 'in_progress') {
    const reason = asked.account_id === undefined ? 'The agent asks' : 'A budget is used up'
    await transition(store, tx, session, { to: 'waiting_for_user', reason })
  }
  return id
}

async function tellQuestion(
  store: Store,
  tx: Tx,
  session: SessionRow,
  questionId: string,
  { message, requested_schema: schema }: Question,
): Promise<number> {
  const form = schema === undefined ? {} : { requested_schema: schema }
  return await appendEvents(store, tx, { task_id: session.task_id, session_id: session.id }, [
    { type: 'elicitation.requested', data: { question_id: questionId, message, ...form } },
  ])
}

/** Answers the open question of a session, whose row is locked. */
export async function answerQuestion(
  store: Store,
  tx: Tx,
  session: SessionRow,
  questionId: string,
  content: string,
): Promise<void> {
  await tx
    .updateTable('questions')
    .set({ answer: content, answered_at: now(store) })
    .where('id', '=', questionId)
    .execute()
  await appendEvents(store, tx, { task_id: session.task_id, session_id: session.id }, [
    { type: 'elicitation.completed', data: { question_id: questionId, answer: content } },
  ])
  await tx
    .updateTable('tasks')
    .set({ updated_at: now(store) })
    .where('id', '=', session.task_id)
    .execute()
  // With its box alive the runner takes the answer itself; without, the queue brings a runner.
  if (session.lease_expires_at === null) {
    await transition(store, tx, session, { to: 'queued', reason: 'The question was answered' })
  }
}

/** The open question of a session, if it has one. */
export async function openQuestion(tx: Tx, sessionId: string) {
  return await tx
    .selectFrom('questions')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('answered_at', 'is', null)
    .executeTakeFirst()
}

/**
 * The answer, if it has come: the session goes on. Undefined while it has not. Taken again, it is the
 * same answer.
 *
 * @throws StaleAttempt when the lease was lost.
 */
export async function takeAnswer(
  store: Store,
  lease: Lease,
  questionId: string,
): Promise<string | undefined> {
  return await fenced(store, lease, async (tx, session) => {
    const question = await tx
      .selectFrom('questions')
      .select('answer')
      .where('id', '=', questionId)
      .where('session_id', '=', session.id)
      .where('answered_at', 'is not', null)
      .executeTakeFirst()
    if (question === undefined || question.answer === null) return undefined
    const goesOn =
      session.state === 'waiting_for_user' && (await openQuestion(tx, session.id)) === undefined
    if (goesOn) {
      await transition(store, tx, session, {
        to: 'in_progress',
        reason: 'The question was answered',
      })
    }
    return question.answer
  })
}

/**
 * Gives up the lease of a waiting session, whose box is being put away: it holds no slot until the
 * answer queues it again. `answered` when the answer came in between: nothing changed, go on.
 *
 * @throws StaleAttempt when the lease was lost.
 */
export async function putAway(
  store: Store,
  lease: Lease,
  box: { agent_session_id: string },
): Promise<'put_away' | 'answered'> {
  return await fenced(store, lease, async (tx, session) => {
    const isOpen = (await openQuestion(tx, session.id)) !== undefined
    if (!isOpen || session.state !== 'waiting_for_user') return 'answered'
    await tx
      .updateTable('sessions')
      .set({
        lease_expires_at: null,
        put_away: true,
        agent_session_id: box.agent_session_id,
        updated_at: now(store),
      })
      .where('id', '=', session.id)
      .execute()
    notify(tx, 'queue')
    return 'put_away'
  })
}
