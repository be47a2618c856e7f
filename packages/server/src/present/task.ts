import type { Artifact, Task, TaskWithSessions } from '@errand/contract'
import type { TaskDetail, TaskRow } from '@errand/core'
import { presentSession } from './session.ts'
import { taskPageUrl, taskUrl, type Urls } from './urls.ts'

/**
 * A task as the wire has it: unknown fields are left out, none is null but `archived_at`
 * (behaviour.md 1.2, 1.4).
 */
export function presentTask(
  row: TaskRow & { artifacts: Artifact[] },
  urls: Urls,
  fullName: string,
): Task {
  return {
    id: row.id,
    url: taskUrl(urls, fullName, row.id),
    html_url: taskPageUrl(urls, fullName, row.id),
    name: row.name,
    creator: { id: row.creator_id },
    creator_type: 'user',
    owner: { id: row.owner_id },
    repository: { id: row.repository_id },
    state: row.state,
    session_count: row.session_count,
    artifacts: row.artifacts,
    archived_at: row.archived_at?.toISOString() ?? null,
    updated_at: row.updated_at.toISOString(),
    created_at: row.created_at.toISOString(),
    ...(row.custom_agent === null ? {} : { custom_agent: { id: row.custom_agent } }),
  }
}

export function presentTaskWithSessions(
  task: TaskDetail,
  urls: Urls,
  fullName: string,
): TaskWithSessions {
  return {
    ...presentTask(task, urls, fullName),
    sessions: task.sessions.map((session) => presentSession(session, task)),
  }
}
