import type { routes, TaskListQuery, TaskPage } from '@errand/contract'
import * as core from '@errand/core'
import { requireRepository } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'
import type { Urls } from '../../present/urls.ts'

/** `GET /agents/repos/{owner}/{repo}/tasks` (behaviour.md 1.3). */
export const listTasksForRepo: Handler<typeof routes.listTasksForRepo> = async (context, call) => {
  const repository = await requireRepository(context, call.caller, call.params, 'read')
  const scope = {
    repository_id: repository.id,
    ...(call.query.creator_id === undefined ? {} : { creator_ids: call.query.creator_id }),
  }
  return await answerPage(context, call, scope, repository.full_name)
}

/** `GET /agents/tasks`: the caller's own (behaviour.md 1.3). */
export const listTasks: Handler<typeof routes.listTasks> = async (context, call) =>
  await answerPage(context, call, { creator_ids: [call.caller.user.id] })

async function answerPage(
  context: ServerContext,
  call: { query: TaskListQuery; urls: Urls; url: string },
  scope: Pick<core.TaskFilter, 'repository_id' | 'creator_ids'>,
  fullName?: string,
): Promise<Answer> {
  const { query } = call
  const list = await core.listTasks(context.store, {
    ...scope,
    ...(query.state === undefined ? {} : { states: query.state }),
    ...(query.since === undefined ? {} : { since: new Date(query.since) }),
    is_archived: query.is_archived,
    sort: query.sort,
    direction: query.direction,
    page: query.page,
    per_page: query.per_page,
  })
  const body: TaskPage = {
    tasks: list.tasks.map((task) => presentTask(task, call.urls, fullName)),
    total_active_count: list.total_active_count,
    total_archived_count: list.total_archived_count,
  }
  return {
    status: 200,
    body,
    headers: { link: linkHeader(call.url, { ...query, has_more: list.has_more }) },
  }
}
