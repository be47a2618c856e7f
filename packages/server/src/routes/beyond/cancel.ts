import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'

/** `POST /agents/tasks/{task_id}/cancel`: in every state; one that has ended stays as it ended. */
export const cancelTask: Handler<typeof routes.cancelTask> = async (context, call) => {
  const { repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const task = await core.cancelTask(context.store, call.params.task_id, call.caller.user.login)
  return { status: 200, body: presentTask(task, call.urls, repository.full_name) }
}
