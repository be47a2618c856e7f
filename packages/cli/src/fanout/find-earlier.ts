import {
  AnswerError,
  type Client,
  isEndState,
  type Task,
  type TaskWithSessions,
} from '@errand/contract'
import { type ForgeLookup, pullOf } from '../present/task-fields.ts'
import { type Mark, markOf } from './marker.ts'

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

/** Whether a task can keep a repository from being sent another one. */
export function mayBeInTheWay(task: Task): boolean {
  return !isEndState(task.state) || pullOf(task) !== undefined
}

/**
 * Why a repository is to be left alone: a run of the same campaign begun elsewhere has a task at work
 * in it, or an open pull request. Undefined when there is none.
 */
export async function findInTheWay(
  marked: readonly EarlierTask[],
  ours: Pick<Mark, 'name' | 'id'>,
  forge: ForgeLookup,
): Promise<string | undefined> {
  for (const { mark, task } of marked) {
    if (mark.name !== ours.name || mark.id === ours.id) continue
    if (!isEndState(task.state)) return `a task of this campaign is open already: ${task.id}`
    if (pullOf(task) === undefined) continue
    const pull = await forge.pull(task).catch(undefinedWhenGone)
    if (pull?.state === 'open') {
      return `a pull request of this campaign is open already: ${pull.html_url}`
    }
  }
  return undefined
}

function undefinedWhenGone(error: unknown): undefined {
  if (error instanceof AnswerError && error.status === 404) return undefined
  throw error
}
