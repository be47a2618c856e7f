import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { appendEvents } from '../events/append-events.ts'
import { storableJson, storableText } from '../events/storable-json.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import type { SessionRow } from '../store/schema.ts'
import { fenced, type Lease } from './fence.ts'
import { transition, withoutLease } from './transition.ts'

/**
 * The agent asks: the session waits for the user from now on. An agent with two questions at once is
 * given the first again: one question at a time.
 *
 * @throws StaleAttempt when the lease was lost.
 */
export async function askUser(
  store: Store,
  lease: Lease,
  question: { message: string; requested_schema?: unknown },
): Promise<{ question_id: string }> {
  return await fenced(store, lease, async (tx, session) => {
    const open = await openQuestion(tx, session.id)
    if (open !== undefined) return { question_id: open.id }

    const id = randomUUID()
    const message = storableText(question.message)
    const schema = storableJson(question.requested_schema)
    const number = await appendEvents(
      store,
      tx,
      { task_id: session.task_id, session_id: session.id },
      [
        {
          type: 'elicitation.requested',
          data: {
            question_id: id,
            message,
            ...(schema === undefined ? {} : { requested_schema: schema }),
          },
        },
      ],
    )
    await tx
      .insertInto('questions')
      .values({
        id,
        session_id: session.id,
        number,
        attempt: session.attempt,
        message,
        requested_schema: schema === undefined ? null : JSON.stringify(schema),
        answer: null,
        answered_at: null,
        created_at: now(store),
      })
      .execute()
    await transition(store, tx, session, {
      to: 'waiting_for_user',
      reason: 'The agent asks',
      set: { waiting_since: now(store) },
    })
    return { question_id: id }
  })
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
 * The answer, if it has come: the session goes on. Undefined while it has not.
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
      .select(['answer', 'answered_at'])
      .where('id', '=', questionId)
      .where('session_id', '=', session.id)
      .executeTakeFirst()
    if (question?.answered_at === undefined || question.answered_at === null) return undefined
    await transition(store, tx, session, {
      to: 'in_progress',
      reason: 'The question was answered',
      set: noLongerWaiting(store, session),
    })
    return question.answer ?? ''
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
      .set({ ...withoutLease, put_away: true, agent_session_id: box.agent_session_id })
      .where('id', '=', session.id)
      .execute()
    await notify(tx, 'queue')
    return 'put_away'
  })
}

/** What stops with the waiting: the time spent on it does not count as running. */
export function noLongerWaiting(store: Store, session: SessionRow) {
  return {
    waiting_since: null,
    waited_seconds: sql<number>`waited_seconds + coalesce(extract(epoch from ${now(store)} - ${session.waiting_since}::timestamptz), 0)`,
  }
}
