import { invalidField, type PullArtifact, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireTask } from '../../auth/repository.ts'
import type { Answer, Handler } from '../../handler.ts'
import { taskPageUrl } from '../../present/urls.ts'
import { branchOf } from './diff.ts'

/**
 * `POST /agents/tasks/{task_id}/pulls` (behaviour.md 1.6): opens the pull request of a branch that
 * was made without one. A task has at most one, and the forge looks for an open one of the branch
 * first: whoever lost the answer asks again and gets the same.
 */
export const openTaskPull: Handler<typeof routes.openTaskPull> = async (context, call) => {
  const { task, repository } = await requireTask(context, call.caller, call.params.task_id, 'write')
  const known = task.artifacts.find((artifact) => artifact.type === 'pull')
  if (known !== undefined) return presentPull(known.data, repository.id)
  const branch = branchOf(task)
  if (branch === undefined) {
    throw invalidField('task_id', 'the task has pushed no branch yet; a pull request needs one')
  }
  if (!(await context.forge.branchExists(call.caller, repository, branch.head_ref))) {
    throw invalidField('task_id', `the branch of the task, '${branch.head_ref}', is gone`)
  }
  const page = taskPageUrl(call.urls, repository.full_name, task.id)
  const pull = await context.forge.openPull(call.caller, repository, {
    title: call.body.title ?? task.name,
    body: call.body.body ?? `Made by [a task](${page}) of ${task.creator_login}.`,
    head: branch.head_ref,
    base: branch.base_ref,
    draft: call.body.draft,
  })
  const { id, number, html_url } = pull
  const data = { id, number, html_url }
  await core.recordTaskPull(context.store, task.id, { provider: 'github', type: 'pull', data })
  return presentPull(data, repository.id)
}

function presentPull(pull: PullArtifact['data'], repositoryId: number): Answer {
  const { id, number = id, html_url = '' } = pull
  return { status: 201, body: { id, number, repository_id: repositoryId, html_url } }
}
