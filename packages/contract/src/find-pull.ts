import { AnswerError } from './answer-error.ts'
import type { Client } from './client.ts'
import type { Task } from './task.ts'

/** A pull request as every GitHub-compatible forge shows it, as far as it is looked at. */
export interface Pull {
  number: number
  html_url: string
  title: string
  state: string
}

/** The branch a task works on, as soon as there is one. */
export function branchOf(task: Task): { head_ref: string; base_ref: string } | undefined {
  return task.artifacts?.find((artifact) => artifact.type === 'branch')?.data
}

/** The pull request among a task's artifacts. GitHub's has neither number nor URL: see `findPull`. */
export function pullOf(task: Task): { id: number; number?: number; html_url?: string } | undefined {
  return task.artifacts?.find((artifact) => artifact.type === 'pull')?.data
}

/**
 * A task's pull request, asked of the forge: by its number or, since GitHub's artifacts carry none, by
 * its branch. Undefined where the task has none, or where it is gone or not the caller's to see.
 *
 * @param repository the task's, as `owner/name`
 */
export async function findPull(
  client: Client,
  repository: string,
  task: Task,
  signal?: AbortSignal,
): Promise<Pull | undefined> {
  const pull = pullOf(task)
  if (pull === undefined) return undefined
  const pulls = `/repos/${repository}/pulls`
  if (pull.number !== undefined) return readIfThere(client, `${pulls}/${pull.number}`, signal)
  const head = branchOf(task)?.head_ref
  if (head === undefined) return undefined
  const query = new URLSearchParams({ state: 'all', head: `${repository.split('/')[0]}:${head}` })
  return (await readIfThere<Pull[]>(client, `${pulls}?${query.toString()}`, signal))?.[0]
}

/** The `owner/name` of a task's repository, which the task itself names by its id alone. */
export async function findRepositoryName(
  client: Client,
  task: Task,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const id = task.repository?.id
  if (id === undefined) return undefined
  const found = await readIfThere<{ full_name: string }>(client, `/repositories/${id}`, signal)
  return found?.full_name
}

/** What a path answers; undefined where it is gone, or not the reader's to see. */
export async function readIfThere<T>(
  client: Client,
  path: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    const response = await client.request('GET', path, signal === undefined ? {} : { signal })
    // The fields asked for are those every GitHub-compatible forge has.
    return (await response.json()) as T
  } catch (error) {
    const isHidden =
      error instanceof AnswerError &&
      error.retryAfterMs === undefined &&
      [403, 404].includes(error.status)
    if (isHidden) return undefined
    throw error
  }
}
