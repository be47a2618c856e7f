import { AnswerError, type Client, type Task, type TaskWithSessions } from '@errand/contract'
import { UserError } from '../errors.ts'
import { findRepository, type RepositoryName } from './git-remote.ts'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i
const pullUrl = /\/(?<owner>[^/]+)\/(?<repo>[^/]+)\/pull\/(?<number>\d+)/
const idPrefix = /^[0-9a-f]{6,}$/i
/** How many tasks are looked through for a branch, a pull request or the beginning of an id. */
const searchLimit = 1000

export interface Where {
  cwd: string
  /** `-R`. */
  repository?: string
  signal: AbortSignal
}

/**
 * The task a user means by an id, the beginning of one, the URL of its page or of its pull request,
 * a pull request's number, or a branch. Throws `UserError` when there is none.
 */
export async function findTask(
  client: Client,
  text: string,
  where: Where,
): Promise<TaskWithSessions> {
  const id = uuid.exec(text)?.[0]
  if (id !== undefined) return getTask(client, id, where.signal)
  const pull = pullUrl.exec(text)?.groups
  if (pull?.owner && pull.repo) {
    const name = { owner: pull.owner, repo: pull.repo }
    return findInRepository(
      client,
      name,
      await isOfPull(client, name, Number(pull.number)),
      text,
      where,
    )
  }
  if (idPrefix.test(text)) {
    const found = await search(client, (task) => task.id.startsWith(text.toLowerCase()), where)
    if (found) return getTask(client, found.id, where.signal)
  }
  const name = await findRepository(where.repository, where.cwd)
  const matches = /^#?\d+$/.test(text)
    ? await isOfPull(client, name, Number(text.replace('#', '')))
    : isOfBranch(text)
  return findInRepository(client, name, matches, text, where)
}

type Matches = (task: Task) => boolean

function isOfBranch(branch: string): Matches {
  const short = branch.replace(/^refs\/heads\//, '')
  return (task) =>
    (task.artifacts ?? []).some(({ type, data }) => type === 'branch' && data.head_ref === short)
}

/** By the pull request's branch as well: GitHub's artifacts have its database id and no number. */
async function isOfPull(client: Client, name: RepositoryName, number: number): Promise<Matches> {
  const path = `/repos/${name.owner}/${name.repo}/pulls/${number}`
  const answer = await client.request('GET', path).catch((error: unknown) => {
    if (error instanceof AnswerError && error.status === 404) return undefined
    throw error
  })
  if (!answer) throw new UserError(`${name.owner}/${name.repo} has no pull request #${number}.`)
  // The fields used are those every GitHub-compatible forge has.
  const pull = (await answer.json()) as { id: number; head: { ref: string } }
  const ofBranch = isOfBranch(pull.head.ref)
  return (task) =>
    ofBranch(task) ||
    (task.artifacts ?? []).some(({ type, data }) => type === 'pull' && data.id === pull.id)
}

async function findInRepository(
  client: Client,
  name: RepositoryName,
  matches: Matches,
  text: string,
  where: Where,
): Promise<TaskWithSessions> {
  const pages = client.pages('listTasksForRepo', {
    params: name,
    query: { per_page: 100 },
    signal: where.signal,
  })
  const found = await firstMatch(pages, matches)
  if (found) return getTask(client, found.id, where.signal)
  throw new UserError(`No task of ${name.owner}/${name.repo} belongs to ${text}.`)
}

async function search(client: Client, matches: Matches, where: Where): Promise<Task | undefined> {
  const query = { per_page: 100 }
  return firstMatch(client.pages('listTasks', { params: {}, query, signal: where.signal }), matches)
}

async function firstMatch(
  pages: AsyncIterable<{ tasks: Task[] }>,
  matches: Matches,
): Promise<Task | undefined> {
  let seen = 0
  for await (const { tasks } of pages) {
    const found = tasks.find(matches)
    seen += tasks.length
    if (found || seen >= searchLimit) return found
  }
  return undefined
}

function getTask(client: Client, id: string, signal: AbortSignal): Promise<TaskWithSessions> {
  return client.call('getTask', { params: { task_id: id }, signal })
}
