import {
  closeComment,
  type HeldComment,
  isDisconnected,
  postponeComment,
  StaleComment,
} from '@errand/core'
import type { ServerContext } from '../../context.ts'
import { isPassing } from './is-passing.ts'
import { takeUp } from './take-up.ts'
import { tellOutcome } from './tell-outcome.ts'

const longestPauseSeconds = 600
/** With the pauses, about three days. */
const mostFailures = 450

/** Does the next thing for a comment: gives it to the task, or tells what became of it. */
export async function attendComment(context: ServerContext, comment: HeldComment): Promise<void> {
  const { store, log } = context
  try {
    if (comment.taken_at === null) await takeUp(context, comment)
    else await tellOutcome(context, comment)
  } catch (error) {
    if (error instanceof StaleComment) return
    if (isDisconnected(error)) throw error
    const fields = { err: error, comment_id: comment.comment_id, failures: comment.failures + 1 }
    if (!isPassing(error) || comment.failures >= mostFailures) {
      log.warn(fields, 'a comment was given up')
      return await closeComment(store, comment, error instanceof Error ? error.message : 'failed')
    }
    const seconds = Math.min(2 ** Math.min(comment.failures, 20), longestPauseSeconds)
    log.warn({ ...fields, seconds }, 'a comment is attended to again later')
    await postponeComment(store, comment, seconds)
  }
}
