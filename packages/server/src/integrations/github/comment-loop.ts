import {
  claimComments,
  createWake,
  isDisconnected,
  repeatPass,
  StaleComment,
  sweepDeliveries,
  takeOverComments,
} from '@errand/core'
import type { ServerContext } from '../../context.ts'
import { attendComment } from './attend-comment.ts'

export interface CommentLoop {
  /** Something was accepted: looks at once. */
  wake(): void
  close(): Promise<void>
}

const pollMs = 2000
const sweepEveryMs = 3_600_000

/** Comments attended to at a time: one that waits for the forge keeps no other waiting. */
const atATime = 8

/** Takes comments and tells what became of them, until it is closed. Several servers may do so at once. */
export function startCommentLoop(context: ServerContext): CommentLoop {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const wake = createWake()
  // Any change of the queue may have ended a task.
  const unsubscribe = store.changes.subscribe('queue', wake.wake)
  const attended = new Set<Promise<void>>()
  let isBegun = false

  async function takeComments(): Promise<void> {
    if (!isBegun) await takeOverComments(store)
    isBegun = true
    const free = atATime - attended.size
    if (free === 0) return
    for (const comment of await claimComments(store, free)) {
      const ended = attendComment(context, comment).catch((error: unknown) => {
        // Its lease runs out, and it is claimed again.
        const isAway = isDisconnected(error) || error instanceof StaleComment
        const fields = { err: error, comment_id: comment.comment_id }
        log[isAway ? 'warn' : 'error'](fields, 'a comment was left')
      })
      attended.add(ended)
      void ended.finally(() => attended.delete(ended))
    }
  }

  const loops = [
    repeatPass({ log, signal, wake, everyMs: pollMs, what: 'attending to comments' }, takeComments),
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
      await Promise.all(attended)
    },
  }
}
