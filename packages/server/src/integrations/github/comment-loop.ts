import {
  claimComments,
  createWake,
  repeatPass,
  StaleComment,
  sweepDeliveries,
  takeOverComments,
} from '@errand/core'
import { createAttendants } from '../../attendants.ts'
import type { ServerContext } from '../../context.ts'
import { attendComment } from './attend-comment.ts'

export interface CommentLoop {
  /** Something was accepted: looks at once. */
  wake(): void
  close(): Promise<void>
}

const pollMs = 2000
const sweepEveryMs = 3_600_000

/** Takes comments and tells what became of them, until it is closed. Several servers may do so at once. */
export function startCommentLoop(context: ServerContext): CommentLoop {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const wake = createWake()
  // Any change of the queue may have ended a task.
  const unsubscribe = store.changes.subscribe('queue', wake.wake)
  const comments = createAttendants({
    log,
    what: 'a comment',
    atATime: 8,
    takeOver: () => takeOverComments(store),
    claim: (limit) => claimComments(store, limit),
    attend: (comment) => attendComment(context, comment),
    fieldsOf: ({ comment_id }) => ({ comment_id }),
    isStale: (error) => error instanceof StaleComment,
  })
  const loops = [
    repeatPass({ log, signal, wake, everyMs: pollMs, what: 'attending to comments' }, () =>
      comments.claim(),
    ),
    repeatPass({ log, signal, everyMs: sweepEveryMs, what: 'sweeping deliveries' }, () =>
      sweepDeliveries(store),
    ),
  ]
  return {
    wake: wake.wake,
    async close() {
      unsubscribe()
      closing.abort()
      await Promise.all(loops)
      await comments.settled()
    },
  }
}
