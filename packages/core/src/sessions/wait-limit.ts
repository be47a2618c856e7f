import type { SessionSettings } from '@errand/contract'
import { storableJson } from '../events/storable-json.ts'
import type { QuestionRow, SessionRow } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { UnfinishedEnd } from './end.ts'
import { transition } from './transition.ts'

/** How a session ends that has waited for `limit`, as in "5 minutes": for a budget, or for its user. */
export function endOfWait(question: QuestionRow | undefined, limit: string): UnfinishedEnd {
  if (question !== undefined && question.account_id !== null) {
    return {
      state: 'failed',
      error: {
        message: `${question.message} It was not raised within ${limit}.`,
        category: 'limit',
        title: 'Budget used up',
        remedy: 'Raise the budget, then send a message to the task to start another session.',
        retryable: true,
      },
    }
  }
  return {
    state: 'timed_out',
    error: {
      message: `The question was not answered within ${limit}.`,
      category: 'limit',
      title: 'Waited too long for an answer',
      remedy: 'Send a message to the task to start another session.',
      retryable: true,
    },
  }
}

/** Whether the session's unfinished work is to be pushed: its task's own word, else that of the settings. */
export async function isPushAsked(
  tx: Tx,
  session: SessionRow,
  settings: Pick<SessionSettings, 'push_unfinished'>,
): Promise<boolean> {
  const task = await tx
    .selectFrom('tasks')
    .select('push_unfinished')
    .where('id', '=', session.task_id)
    .executeTakeFirstOrThrow()
  return task.push_unfinished ?? settings.push_unfinished
}

/**
 * Queues a session whose wait is over once more, for a runner on the machine that has its workspace:
 * that one pushes what is in there, starts no agent, and writes the end given. Where its runner still
 * holds the box, that one finds its lease lost, closes the box and leaves the workspace.
 */
export async function pushThenEnd(
  store: Store,
  tx: Tx,
  session: SessionRow,
  end: UnfinishedEnd,
): Promise<void> {
  await transition(store, tx, session, {
    to: 'queued',
    reason: 'The wait is over: the unfinished work is pushed, then the session ends',
    set: { put_away: true, end_after_push: JSON.stringify(storableJson(end)) },
  })
}
