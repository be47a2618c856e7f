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
    }
    const open = await openQuestion(tx, session.id)
    if (open === undefined) return { question_id: await openNew(store, tx, session, asked) }
    await tellQuestion(store, tx, session, open.id, asked)
    await tx
      .updateTable('questions')
      .set({ message: `${open.message}\n\n${asked.message}`, requested_schema: null })
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
      answer: null,
      answered_at: null,
      created_at: now(store),
    })
    .execute()
  // It waits already where the answer to an earlier question is still to be taken.
  if (session.state === 'in_progress') {
    await transition(store, tx, session, { to: 'waiting_for_user', reason: 'The agent asks' })
  }
  return id
}

async function tellQuestion(
  store: Store,
  tx: Tx,
  session: SessionRow,
  questionId: string,
  asked: Question,
): Promise<number> {
  return await appendEvents(store, tx, { task_id: session.task_id, session_id: session.id }, [
    { type: 'elicitation.requested', data: { question_id: questionId, ...asked } },
  ])
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
    if ((await openQuestion(tx, session.id)) === undefined) return 'answered'
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
