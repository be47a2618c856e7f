import type { BranchArtifact, Caller, RepositoryAccess, routes } from '@errand/contract'
import type { TaskDetail } from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import type { Handler } from '../../handler.ts'

/** Largest diff answered, in bytes: what a browser still shows. */
export const diffLimitBytes = 4 * 1024 * 1024

/** `GET /agents/tasks/{task_id}/diff`: empty while the task has no branch. */
export const getTaskDiff: Handler<typeof routes.getTaskDiff> = async (context, call) => {
  const { task, repository } = await requireTask(context, call.caller, call.params.task_id, 'read')
  return { status: 200, body: await diffOf(context, call.caller, repository, task) }
}

/** The diff of a task's branch; empty where there is none, or it is gone from the forge. */
export async function diffOf(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  task: TaskDetail,
): Promise<string> {
  const branch = branchOf(task)
  if (branch === undefined) return ''
  const { base_ref: base, head_ref: head } = branch
  if (!(await context.forge.branchExists(caller, repository, head))) return ''
  return await context.forge.diff(caller, repository, base, head, diffLimitBytes)
}

/** The branch a task has pushed, if it has. */
export function branchOf(task: TaskDetail): BranchArtifact['data'] | undefined {
  return task.artifacts.find((artifact) => artifact.type === 'branch')?.data
}
