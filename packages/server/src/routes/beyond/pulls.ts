import { ErrandError, invalidField, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { Handler } from '../../handler.ts'
import { taskPageUrl } from '../../present/urls.ts'
import { branchOf } from './diff.ts'

/**
 * `POST /agents/tasks/{task_id}/pulls` (behaviour.md 1.6): opens the pull request of a branch that
 * was made without one. A task has at most one: again answers the one there is.
 */
export const openTaskPull: Handler<typeof routes.openTaskPull> = async (context, call) => {
  const { task, repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const known = task.artifacts.find((artifact) => artifact.type === 'pull')?.data
  if (known?.number !== undefined && known.html_url !== undefined) {
    const { id, number, html_url } = known
    return { status: 201, body: { id, number, repository_id: repository.id, html_url } }
  }
  const branch = branchOf(task)
  if (branch === undefined) {
    throw invalidField('task', 'the task has no branch yet; a pull request needs one')
  }
  if (branch.head_ref === branch.base_ref) throw new ErrandError('validation_failed')
  const page = taskPageUrl(call.urls, repository.full_name, task.id)
  const pull = await context.forge.openPull(call.caller, repository, {
    title: call.body.title ?? task.name,
    body: call.body.body ?? `Made by [a task](${page}) of ${task.creator_login}.`,
    head: branch.head_ref,
    base: branch.base_ref,
    draft: call.body.draft,
  })
  const { id, number, html_url } = pull
  await core.recordTaskPull(context.store, task.id, {
    provider: 'github',
    type: 'pull',
    data: { id, number, html_url },
  })
  return { status: 201, body: { id, number, repository_id: repository.id, html_url } }
}
