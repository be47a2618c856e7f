import { AnswerError, type EarlierTask, isEndState, type Mark, type Task } from '@errand/contract'
import { type ForgeLookup, pullOf } from '../present/task-fields.ts'

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
