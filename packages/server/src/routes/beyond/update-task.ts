import { ErrandError, nanoPerCredit, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'

/** `PATCH /agents/tasks/{task_id}`: a task that waits for its budget goes on when it is raised. */
export const updateTask: Handler<typeof routes.updateTask> = async (context, call) => {
  const { task_id: id } = call.params
  const { repository } = await requireTask(context, call.caller, id, 'write')
  const { max_ai_credits: credits, max_multiplier: multiplier } = call.body
  await core.changeTask(context.store, id, {
    ...(credits === undefined
      ? {}
      : { max_nano: credits === null ? null : Math.round(credits * nanoPerCredit) }),
    ...(multiplier === undefined ? {} : { max_multiplier: multiplier }),
  })
  await core.resumePaused(context.store, context.settings, id)
  const task = await core.getTask(context.store, id)
  if (task === undefined) throw new ErrandError('not_found')
  return { status: 200, body: presentTask(task, call.urls, repository.full_name) }
}
