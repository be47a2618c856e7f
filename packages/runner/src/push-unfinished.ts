import { endSaying, endSession, type SessionValues, type UnfinishedEnd } from '@errand/core'

import type { Mirror } from './mirror/mirror.ts'
import type { Repository } from './mirror/repository.ts'
import { findPublished } from './publish/find-published.ts'
import { pushBranch, recordBranch } from './publish/push-branch.ts'
import { collectResult } from './result/collect-result.ts'
import type { Run } from './run/run.ts'
import { openSessionBox } from './session-box.ts'
import { requireUnfinishedClean } from './validation/require-unfinished-clean.ts'
import { checkOut } from './workspace/check-out.ts'
import type { WorkBranch } from './workspace/work-branch.ts'
import { reopenWorkspace, type Workspace } from './workspace/workspace.ts'

interface Place {
  repository: Repository
  branch: WorkBranch
  mirror: Mirror
  values: SessionValues
}

/**
 * Pushes what a session has left that has waited for too long, then ends it as is given, saying where
 * the work is. No agent is started, and no pull request is opened: nobody says that the work is
 * done. The workspace is kept until the end is written, so that who runs it again after a crash finds
 * either the work or the branch.
 *
 * @throws SessionFailed, which ends the session as is given all the same
 */
export async function pushUnfinished(run: Run, end: UnfinishedEnd, place: Place): Promise<void> {
  await using workspace = await reopenWorkspace(run)
  if (workspace !== undefined) workspace.isKept = true
  const sentence = await publish(run, workspace, place)
  await run.recorder.flush()
  run.signal.throwIfAborted()
  await endSession(run.context.store, run.lease, endSaying(end, sentence))
  if (workspace !== undefined) workspace.isKept = false
}

/** Gives what became of the work, for the session's reader. */
async function publish(run: Run, workspace: Workspace | undefined, place: Place): Promise<string> {
  const { branch } = place
  const earlier = await findPublished(run, place)
  if (earlier === undefined && workspace === undefined) {
    return 'Its work could not be found, so nothing was pushed.'
  }
  const published = earlier ?? (workspace && (await pushWorkspace(run, workspace, place)))
  if (published === undefined) return 'Nothing had been changed, so nothing was pushed.'
  await recordBranch(run, branch, { ...published, isUnfinished: true })
  return `Its unfinished work is on the branch ${branch.name}.`
}

/** The same way out of the box, with the same checks, as finished work has. */
async function pushWorkspace(
  run: Run,
  workspace: Workspace,
  place: Place,
): Promise<{ commit: string; filesChanged: number } | undefined> {
  await using box = await openSessionBox(run, { workspace, ...place })
  const checkout = await checkOut(run, box, { workspace, ...place })
  const summary = {
    title: `Unfinished: ${run.lease.task.name}`,
    body: 'The session waited for too long before its agent was done.',
  }
  const result = await collectResult(run, box, { workspace, checkout, summary, ...place })
  await box.close()
  if (result === undefined) return undefined
  await requireUnfinishedClean(run, { checkout, result, ...place })
  const commit = await pushBranch(run, { checkout, result, ...place })
  return { commit, filesChanged: result.filesChanged }
}
