import { endStates } from '@errand/contract'
import { sql } from 'kysely'
import type { PullCommentRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'

/** A comment somebody acts on. Whatever is written says its `attempt`. */
export type HeldComment = PullCommentRow

/** Another took the comment over, or it is closed. Stop, and change nothing. */
export class StaleComment extends Error {
  constructor(comment: HeldComment) {
    super(`attempt ${comment.attempt} no longer holds the comment ${comment.comment_id}`)
    this.name = 'StaleComment'
  }
}

/** How long whoever acts may stay silent before another takes over: longer than all it asks the forge. */
const leaseSeconds = 120

/**
 * Takes hold of the comments that have something to be done for: not taken yet, a try to be made again, a
 * task that has ended, or one that asks. Two servers never get the same comment.
 */
export async function claimComments(store: Store, limit: number): Promise<HeldComment[]> {
  const time = now(store)
  // Skips what another is about to claim; one whose lease is over lost its server.
  const claimed = await patiently(() =>
    sql<PullCommentRow>`
      with due as materialized (
        select repository_id, type, comment_id
        from pull_comments as comment
        where closed_at is null
          and next_at <= ${time}
          and (lease_expires_at is null or lease_expires_at < ${time})
          and (
            taken_at is null
            or lease_expires_at is not null
            or failures > 0
            or exists (
              select 1
              from tasks
              where tasks.id = comment.task_id
                and tasks.state in (${sql.join([...endStates])})
            )
            or exists (
              select 1
              from questions
              join sessions on sessions.id = questions.session_id
              where sessions.task_id = comment.task_id
                and sessions.state = 'waiting_for_user'
                and questions.answered_at is null
                and questions.id is distinct from comment.told_question
            )
          )
        order by next_at
        limit ${limit}::integer
        for update skip locked
      )
      update pull_comments as comment
      set attempt = attempt + 1,
        lease_expires_at = ${time} + make_interval(secs => ${leaseSeconds})
      from due
      where comment.repository_id = due.repository_id
        and comment.type = due.type
        and comment.comment_id = due.comment_id
      returning comment.*`.execute(store.db),
  )
  return claimed.rows
}

/**
 * To be called once before the first claim. With PGlite this process is the only one: whoever holds a
 * comment is dead, and need not be waited for.
 */
export async function takeOverComments(store: Store): Promise<void> {
  if (store.kind !== 'pglite') return
  await store.db
    .updateTable('pull_comments')
    .set({ lease_expires_at: new Date(0) })
    .where('lease_expires_at', 'is not', null)
    .execute()
}

/**
 * Runs `work` while the comment is held.
 *
 * @throws StaleComment, and nothing is changed.
 */
export async function whileHeld<T>(
  store: Store,
  comment: HeldComment,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return await transact(store, async (tx) => {
    const kept = await sql`
      update pull_comments
      set lease_expires_at = ${now(store)} + make_interval(secs => ${leaseSeconds})
      where repository_id = ${comment.repository_id}
        and type = ${comment.type}
        and comment_id = ${comment.comment_id}
        and attempt = ${comment.attempt}
        and closed_at is null
      returning comment_id`.execute(tx)
    if (kept.rows.length === 0) throw new StaleComment(comment)
    return await work(tx)
  })
}
