import type { Client } from './client.ts'
import { type Mark, markOf } from './marker.ts'
import type { Task, TaskWithSessions } from './task.ts'

/** Tasks of a repository that are looked at one by one, the latest first: GitHub counts requests. */
const mostLookedAt = 10

export interface EarlierTask {
  mark: Mark
  task: TaskWithSessions
}

/** Those of a repository's tasks in question that campaigns have sent, by the marks on their prompts. */
export async function findMarked(
  client: Client,
  fullName: string,
  isInQuestion: (task: Task) => boolean,
  signal: AbortSignal,
): Promise<EarlierTask[]> {
  const [owner = '', repo = ''] = fullName.split('/')
  const { tasks } = await client.call('listTasksForRepo', {
    params: { owner, repo },
    query: { per_page: 100 },
    signal,
  })
  const marked: EarlierTask[] = []
  for (const { id } of tasks.filter(isInQuestion).slice(0, mostLookedAt)) {
    // Lists carry no prompts.
    const task = await client.call('getTask', { params: { task_id: id }, signal })
    const mark = markOf(task)
    if (mark !== undefined) marked.push({ mark, task })
  }
  return marked
}
