import { ErrandError, type routes } from '@errand/contract'
import { requireRepository, requireTask } from '../../auth/repository.ts'
import type { Handler } from '../../handler.ts'
import { presentTaskWithSessions } from '../../present/task.ts'

/** `GET /agents/repos/{owner}/{repo}/tasks/{task_id}` (behaviour.md 1.4). */
export const getTaskForRepo: Handler<typeof routes.getTaskForRepo> = async (context, call) => {
  const repository = await requireRepository(context, call.caller, call.params, 'read')
  const { task } = await requireTask(context, call.caller, call.params.task_id, 'read')
  if (task.repository_id !== repository.id) throw new ErrandError('not_found')
  return { status: 200, body: presentTaskWithSessions(task, call.urls, repository.full_name) }
}

/** `GET /agents/tasks/{task_id}` (behaviour.md 1.4): any reader of the repository may look. */
export const getTask: Handler<typeof routes.getTask> = async (context, call) => {
  const { task, repository } = await requireTask(context, call.caller, call.params.task_id, 'read')
  return { status: 200, body: presentTaskWithSessions(task, call.urls, repository.full_name) }
}
