import { ErrandError, type SteerAccepted } from '@errand/contract'
import { lockLastSession } from '../tasks/last-session.ts'
import { type Steering, steerWithin } from '../tasks/steer-task.ts'
import { now, type Store } from '../store/store.ts'
import { type HeldRun, whileHeld } from './claim-runs.ts'

/**
 * Answers a waiting task for a run. The answer and the note that it was given are one transaction: a
 * reporter that dies cannot have it given twice.
 *
 * @throws ErrandError conflict when the task asks nothing; StaleRun.
 */
export async function answerForRun(
  store: Store,
  run: HeldRun,
  taskId: string,
  steering: Pick<Steering, 'content' | 'by' | 'credential'>,
): Promise<SteerAccepted> {
  return await whileHeld(store, run, async (tx) => {
    const session = await lockLastSession(tx, taskId)
    if (session?.state !== 'waiting_for_user') {
      throw new ErrandError('conflict', { message: `Task ${taskId} does not wait for an answer` })
    }
    const accepted = await steerWithin(store, tx, taskId, { ...steering, type: 'user_message' })
    await tx
      .updateTable('portal_runs')
      .set({ started_at: now(store) })
      .where('portal', '=', run.portal)
      .where('run_id', '=', run.run_id)
      .execute()
    return accepted
  })
}
