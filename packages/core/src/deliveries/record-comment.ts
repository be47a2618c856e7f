import type { SteerAccepted } from '@errand/contract'
import { sql, type UpdateObject } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import type { Database } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { type Steering, steerWithin } from '../tasks/steer-task.ts'
import { type HeldComment, whileHeld } from './claim-comments.ts'

/**
 * Gives the task what a comment asks of it. That, and the note that it was given, are one transaction: a
 * server that dies cannot have it given twice.
 *
 * @throws StaleComment; ErrandError not_found; the refusal that was given
 */
export async function takeComment(
  store: Store,
  comment: HeldComment,
  taskId: string,
  steering: Pick<Steering, 'content' | 'by' | 'credential' | 'refusal'>,
): Promise<SteerAccepted> {
  return await whileHeld(store, comment, async (tx) => {
    const accepted = await steerWithin(store, tx, taskId, { ...steering, type: 'user_message' })
    await change(tx, comment, {
      taken_at: now(store),
      task_id: taskId,
      failures: 0,
      lease_expires_at: null,
    })
    return accepted
  })
}

/** The pull request was told this question of the task. */
export async function noteToldQuestion(
  store: Store,
  comment: HeldComment,
  questionId: string,
): Promise<void> {
  await whileHeld(store, comment, (tx) =>
    change(tx, comment, { told_question: questionId, failures: 0, lease_expires_at: null }),
  )
}

/** There is nothing to be done for it at present: the task has gone on. */
export async function releaseComment(store: Store, comment: HeldComment): Promise<void> {
  await whileHeld(store, comment, (tx) =>
    change(tx, comment, { failures: 0, lease_expires_at: null }),
  )
}

/** Gives the comment up until `seconds` from now, after one more try that came to nothing. */
export async function postponeComment(
  store: Store,
  comment: HeldComment,
  seconds: number,
): Promise<void> {
  await whileHeld(store, comment, (tx) =>
    change(tx, comment, {
      next_at: sql<Date>`${now(store)} + make_interval(secs => ${seconds})`,
      failures: comment.failures + 1,
      lease_expires_at: null,
    }),
  )
}

/** Nothing is to be done for the comment any more. @param outcome a sentence for who looks at the store */
export async function closeComment(
  store: Store,
  comment: HeldComment,
  outcome: string,
): Promise<void> {
  await whileHeld(store, comment, (tx) =>
    change(tx, comment, {
      closed_at: now(store),
      outcome: storableText(outcome, 500),
      lease_expires_at: null,
    }),
  )
}

async function change(
  tx: Tx,
  comment: HeldComment,
  values: UpdateObject<Database, 'pull_comments'>,
): Promise<void> {
  await tx
    .updateTable('pull_comments')
    .set(values)
    .where('repository_id', '=', comment.repository_id)
    .where('type', '=', comment.type)
    .where('comment_id', '=', comment.comment_id)
    .execute()
}
