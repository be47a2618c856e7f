import type { RepositoryAccess, routes, TaskListQuery, TaskPage } from '@errand/contract'
import * as core from '@errand/core'
import { requireRepository, visibleRepositories } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentTask } from '../../present/task.ts'
import type { Urls } from '../../present/urls.ts'

/** `GET /agents/repos/{owner}/{repo}/tasks` (behaviour.md 1.3). */
export const listTasksForRepo: Handler<typeof routes.listTasksForRepo> = async (context, call) => {
  const repository = await requireRepository(context, call.caller, call.params, 'read')
  const list = await readList(context, call.query, {
    repository_id: repository.id,
    ...(call.query.creator_id === undefined ? {} : { creator_ids: call.query.creator_id }),
  })
  return presentList(call, list, new Map([[repository.id, repository]]))
}

/** `GET /agents/tasks`: the caller's own, in repositories they still see (behaviour.md 1.3). */
export const listTasks: Handler<typeof routes.listTasks> = async (context, call) => {
  const list = await readList(context, call.query, { creator_ids: [call.caller.user.id] })
  const ids = list.tasks.map((task) => task.repository_id)
  return presentList(call, list, await visibleRepositories(context, call.caller, ids))
}

export async function readList(
  context: ServerContext,
  query: TaskListQuery,
  scope: Pick<core.TaskFilter, 'repository_id' | 'creator_ids' | 'automation_id'>,
): Promise<core.TaskList> {
  return await core.listTasks(context.store, {
    ...scope,
    ...(query.state === undefined ? {} : { states: query.state }),
    ...(query.since === undefined ? {} : { since: new Date(query.since) }),
    is_archived: query.is_archived,
    sort: query.sort,
    direction: query.direction,
    page: query.page,
    per_page: query.per_page,
  })
}

export function presentList(
  call: { query: TaskListQuery; urls: Urls; url: string },
  list: core.TaskList,
  repositories: Map<number, RepositoryAccess>,
): Answer {
  const body: TaskPage = {
    tasks: list.tasks.flatMap((task) => {
      const repository = repositories.get(task.repository_id)
      return repository === undefined ? [] : [presentTask(task, call.urls, repository.full_name)]
    }),
    total_active_count: list.total_active_count,
    total_archived_count: list.total_archived_count,
  }
  const link = linkHeader(call.url, { ...call.query, has_more: list.has_more })
  return { status: 200, body, headers: { link } }
}
