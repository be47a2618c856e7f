import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'

/** `POST /agents/tasks/{task_id}/archive`: a task that has ended. */
export const archiveTask: Handler<typeof routes.archiveTask> = async (context, call) => {
  const { repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const task = await core.archiveTask(context.store, call.params.task_id)
  return { status: 200, body: presentTask(task, call.urls, repository.full_name) }
}

/** `POST /agents/tasks/{task_id}/unarchive` */
export const unarchiveTask: Handler<typeof routes.unarchiveTask> = async (context, call) => {
  const { repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const task = await core.unarchiveTask(context.store, call.params.task_id)
  return { status: 200, body: presentTask(task, call.urls, repository.full_name) }
}
