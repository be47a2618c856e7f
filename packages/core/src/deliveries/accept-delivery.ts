import { sql } from 'kysely'
import {
  addAutomationEvents,
  isAwaited,
  type NewAutomationEvent,
} from '../automations/add-events.ts'
import { storableText } from '../events/storable-json.ts'
import type { PullCommentRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/** A comment that speaks to Errand, as the forge told of it. Nothing of it is believed before it is asked for. */
export type NewPullComment = Pick<
  PullCommentRow,
  | 'repository_id'
  | 'type'
  | 'comment_id'
  | 'repository_full_name'
  | 'pull_number'
  | 'user_id'
  | 'user_login'
  | 'body_hash'
>

/** What a delivery gives to do: what it tells of may be of use in several ways. */
export type DeliveryWork =
  | { type: 'comment'; comment: NewPullComment }
  /** A pull request was closed, merged or opened again. */
  | { type: 'pull'; repository_id: number; pull_number: number }
  /** Automations may wait for it. */
  | { type: 'event'; event: NewAutomationEvent }

/**
 * Stores a delivery together with what it gives to do. The same delivery again changes nothing, nor does
 * another one of the same content: `replayed`. One that gives nothing to do is not kept: `accepted` is false.
 */
export async function acceptDelivery(
  store: Store,
  delivery: { id: string; event: string },
  works: readonly DeliveryWork[],
): Promise<{ accepted: boolean; replayed: boolean }> {
  if (works.length === 0) return { accepted: false, replayed: false }
  return await transact(store, async (tx) => {
    const wanted: DeliveryWork[] = []
    for (const work of works) {
      if (work.type !== 'event' || (await isAwaited(tx, work.event))) wanted.push(work)
    }
    if (wanted.length === 0) return { accepted: false, replayed: false }
    const inserted = await tx
      .insertInto('forge_deliveries')
      .values({ ...delivery, received_at: now(store) })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (inserted === undefined) return { accepted: true, replayed: true }
    let isNew = false
    for (const work of wanted) if (await addWork(store, tx, work)) isNew = true
    return { accepted: true, replayed: !isNew }
  })
}

/** Whether there is anything to do that was not there before. */
async function addWork(store: Store, tx: Tx, work: DeliveryWork): Promise<boolean> {
  if (work.type === 'comment') return await addComment(store, tx, work.comment)
  if (work.type === 'event') return await addAutomationEvents(store, tx, work.event)
  await lookAgain(tx, work)
  return true
}

/** The comment's own id decides: a delivery's is not signed, and may be made up by who sends it again. */
async function addComment(store: Store, tx: Tx, comment: NewPullComment): Promise<boolean> {
  const inserted = await tx
    .insertInto('pull_comments')
    .values({
      ...comment,
      repository_full_name: storableText(comment.repository_full_name, 200),
      user_login: storableText(comment.user_login, 100),
      received_at: now(store),
      taken_at: null,
      task_id: null,
      told_question: null,
      closed_at: null,
      outcome: null,
      attempt: 0,
      lease_expires_at: null,
      next_at: now(store),
      failures: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('comment_id')
    .executeTakeFirst()
  return inserted !== undefined
}

/**
 * Has the pull request of a campaign looked at in the next pass, instead of minutes later. What it is now
 * the forge says then: a delivery may be late, or come before an earlier one.
 */
async function lookAgain(
  tx: Tx,
  pull: { repository_id: number; pull_number: number },
): Promise<void> {
  await sql`
    update campaign_targets as target
    set pull_checked_at = null,
      pull_state = 'open'
    from artifacts as pull
    where pull.task_id = target.task_id
      and pull.type = 'pull'
      and pull.data ->> 'number' = ${String(pull.pull_number)}::text
      and target.repository_id = ${pull.repository_id}
      and target.pull_state is distinct from 'merged'`.execute(tx)
}
