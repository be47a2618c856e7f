import { lastEvents } from '@errand/core'
import { z } from 'zod'

import { gitMaybe } from '../git/git.ts'
import { branchTip, type Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'

const Told = z.object({ steering_commit: z.string().regex(/^[0-9a-f]{40,64}$/) })

/**
 * The commit that says how agents work in this task: the tip of the base branch when its first session began,
 * and the same for those that follow (behaviour.md 3.4). Never a commit of the branch that is worked on:
 * whoever writes that would say what its next agent does. Where the commit is gone, the base branch as it is
 * now; undefined where that is gone too.
 */
export async function trustedCommit(
  run: Run,
  mirror: Mirror,
  branch: Pick<WorkBranch, 'base'>,
): Promise<string | undefined> {
  const { context, lease } = run
  const query = { types: ['session.workspace'], limit: 1 } as const
  const [event] = await lastEvents(context.store, lease.task.id, query)
  const told = Told.safeParse(event?.data).data?.steering_commit
  if (told !== undefined && (await isThere(run, mirror, told))) return told
  return await branchTip(run, mirror, branch.base)
}

async function isThere(run: Run, mirror: Mirror, commit: string): Promise<boolean> {
  const options = { gitDir: mirror.dir, signal: run.signal }
  return (await gitMaybe(['cat-file', '-t', commit], options)) === 'commit'
}
