import { randomUUID } from 'node:crypto'
import {
  ErrandError,
  invalidField,
  isEndState,
  type Steer,
  type SteerAccepted,
} from '@errand/contract'
import { type Credential, keepForTask } from '../credentials/keep-credential.ts'
import { appendEvents } from '../events/append-events.ts'
import { storableText } from '../events/storable-json.ts'
import { addSession } from '../sessions/add-session.ts'
import { takePending } from '../sessions/messages.ts'
import { answerQuestion, openQuestion } from '../sessions/questions.ts'
import type { SessionRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { cancelSession } from './cancel-task.ts'
import { lockLastSession } from './last-session.ts'

export interface Steering {
  type: Steer['type']
  content: string
  /** A model and its agent, for the session a message to an ended task begins, and why where nobody named it. */
  model?: { id: string; agent: string; reason?: string }
  /** Who is to hear it. Only a session that is still to begin can have another agent than it has. */
  agent?: string
  by: { id: number; login: string }
  /** Their token, kept for the work that follows. */
  credential?: Credential
  /** Why no agent may begin anew here: thrown where what was sent would begin a session. */
  refusal?: ErrandError
}

/**
 * Takes what a user sends to a task, in whatever state it is: it is never refused for being busy.
 * A waiting session is answered; a running or queued one gets it as its next prompt; an ended one is
 * followed by a new session with it as the prompt.
 *
 * @throws ErrandError not_found; validation_failed for another agent than the session's; the refusal that was given
 */
export async function steerTask(
  store: Store,
  taskId: string,
  steering: Steering,
): Promise<SteerAccepted> {
  return await transact(store, (tx) => steerWithin(store, tx, taskId, steering))
}

/** The same as part of a larger transaction: what it is done for is stored with it, or neither is. */
export async function steerWithin(
  store: Store,
  tx: Tx,
  taskId: string,
  steering: Steering,
): Promise<SteerAccepted> {
  const storable = { ...steering, content: storableText(steering.content) }
  const session = await lockLastSession(tx, taskId)
  if (session === undefined) throw new ErrandError('not_found')
  if (steering.type === 'abort') return await abort(store, tx, session, steering)
  const accepted = await take(store, tx, session, storable)
  // An answer is heard by the session of whoever began it: another's token is of no use to it.
  const isOfUse = accepted.outcome !== 'answered' || session.user_id === steering.by.id
  if (steering.credential !== undefined && isOfUse) {
    await keepForTask(store, tx, { taskId, userId: steering.by.id }, steering.credential)
  }
  return accepted
}

async function take(
  store: Store,
  tx: Tx,
  session: SessionRow,
  steering: Steering,
): Promise<SteerAccepted> {
  if (isEndState(session.state)) {
    if (steering.refusal !== undefined) throw steering.refusal
    return await followUp(store, tx, session, steering)
  }
  if (steering.agent !== undefined && steering.agent !== session.agent) {
    const message = `agent '${steering.agent}' cannot take over: agent '${session.agent}' is at work. Send it when the task has ended, or abort it first`
    throw invalidField('agent', message)
  }
  if (session.state === 'waiting_for_user') {
    const answered = await answer(store, tx, session, steering)
    if (answered !== undefined) return answered
  }
  return await queueMessage(store, tx, session, steering)
}

async function abort(
  store: Store,
  tx: Tx,
  session: SessionRow,
  steering: Steering,
): Promise<SteerAccepted> {
  if (isEndState(session.state)) return { task_id: session.task_id, outcome: 'already_ended' }
  await cancelSession(store, tx, session, steering.by.login)
  return { task_id: session.task_id, outcome: 'aborted' }
}

/** What was said before the session failed, and was never heard, comes first. */
async function followUp(
  store: Store,
  tx: Tx,
  session: SessionRow,
  steering: Steering,
): Promise<SteerAccepted> {
  const id = randomUUID()
  const unheard = await takePending(tx, session)
  await addSession(store, tx, session, {
    id,
    prompt: [...unheard.map((message) => message.content), steering.content].join('\n\n'),
    by: steering.by,
    ...(steering.model === undefined ? {} : { model: steering.model }),
  })
  return { task_id: session.task_id, message_id: id, outcome: 'new_session' }
}

/**
 * Undefined when the question was answered already, or is answered by raising a budget: what comes
 * now is a message.
 */
async function answer(
  store: Store,
  tx: Tx,
  session: SessionRow,
  steering: Steering,
): Promise<SteerAccepted | undefined> {
  const question = await openQuestion(tx, session.id)
  if (question === undefined || question.account_id !== null) return undefined
  await answerQuestion(store, tx, session, question.id, steering.content)
  return { task_id: session.task_id, message_id: question.id, outcome: 'answered' }
}

async function queueMessage(
  store: Store,
  tx: Tx,
  session: SessionRow,
  steering: Steering,
): Promise<SteerAccepted> {
  const id = randomUUID()
  const number = await appendEvents(
    store,
    tx,
    { task_id: session.task_id, session_id: session.id },
    [{ type: 'user.message', data: { message_id: id, content: steering.content } }],
  )
  await tx
    .insertInto('messages')
    .values({
      id,
      task_id: session.task_id,
      session_id: session.id,
      number,
      content: steering.content,
      user_id: steering.by.id,
      user_login: steering.by.login,
      created_at: now(store),
      taken_by_attempt: null,
    })
    .execute()
  await touchTask(store, tx, session.task_id)
  return { task_id: session.task_id, message_id: id, outcome: 'queued' }
}

async function touchTask(store: Store, tx: Tx, taskId: string): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ updated_at: now(store) })
    .where('id', '=', taskId)
    .execute()
}
