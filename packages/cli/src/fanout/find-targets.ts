import { matchesGlob } from 'node:path'
import {
  AnswerError,
  type Client,
  mapInParallel,
  untilReached,
  type Waiting,
} from '@errand/contract'
import { UserError } from '../errors.ts'
import type { Targets } from './campaign.ts'
import type { Repository } from './repository.ts'

/** With what repositories are looked for: a server that fails or asks to wait is waited for. */
export interface Looking extends Waiting {
  client: Client
  isErrand: boolean
  /** Told what the user must know of what was found. */
  onNotice(text: string): void
}

/** How many repositories are looked at at a time: GitHub takes many at once for abuse. */
const atOnce = { errand: 8, github: 2 }
/** How long a server that does not answer is believed to come back. */
const patienceMs = 120_000
/** GitHub's search shows no more than this of what it finds. */
const searchLimit = 1000

/**
 * The repositories a campaign is about, each once, in the order of their names. One that was named and
 * is not there is an error; one that was found and does not fit is left out.
 *
 * @throws UserError when there is nothing to look through, or the server cannot search
 */
export async function findTargets(looking: Looking, targets: Targets): Promise<Repository[]> {
  const parallel = atOnce[looking.isErrand ? 'errand' : 'github']
  const named = await mapInParallel(targets.repos, parallel, (name) => getNamed(looking, name))
  const found = [...named]
  for (const org of targets.orgs) found.push(...(await listOrg(looking, org)))
  for (const user of targets.users) found.push(...(await listUser(looking, user)))
  if (targets.search !== undefined) found.push(...(await search(looking, targets.search)))
  if (targets.repos.length + targets.orgs.length + targets.users.length === 0 && !targets.search) {
    throw new UserError('There are no repositories to look through.', {
      remedy: 'Name them with --repo or --repos-file, or give --org, --user or --search.',
    })
  }
  const unique = [...new Map(found.map((repository) => [repository.id, repository])).values()]
  const fitting = unique.filter((repository) => fits(repository, targets))
  const withFiles = await mapInParallel(fitting, parallel, (repository) =>
    hasFiles(looking, repository, targets.has_file),
  )
  return fitting
    .filter((_, index) => withFiles[index])
    .toSorted((a, b) => (a.full_name < b.full_name ? -1 : 1))
}

function fits(repository: Repository, targets: Targets): boolean {
  const name = repository.full_name.toLowerCase()
  const matches = (globs: string[]): boolean =>
    globs.some((glob) => matchesGlob(name, glob.toLowerCase()))
  const isNamed = targets.repos.some((named) => named.toLowerCase() === name)
  return (
    (isNamed || targets.archived || !repository.archived) &&
    (isNamed || targets.forks || !repository.fork) &&
    (targets.topic === undefined || (repository.topics ?? []).includes(targets.topic)) &&
    (targets.language === undefined ||
      repository.language?.toLowerCase() === targets.language.toLowerCase()) &&
    (targets.match.length === 0 || matches(targets.match)) &&
    !matches(targets.exclude)
  )
}

/** What a path answers, read whole: an answer that breaks off is asked for again. */
async function get<T>(looking: Looking, path: string): Promise<{ body: T; hasNext: boolean }> {
  const { client, signal } = looking
  return untilReached(
    looking,
    async () => {
      const response = await client.request('GET', path, { signal })
      const hasNext = /rel="next"/.test(response.headers.get('link') ?? '')
      // Every GitHub-compatible forge answers with these.
      return { body: (await response.json()) as T, hasNext }
    },
    patienceMs,
  )
}

async function getNamed(looking: Looking, name: string): Promise<Repository> {
  try {
    return (await get<Repository>(looking, `/repos/${name}`)).body
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    const message = `There is no repository ${name}, or it is not yours to see.`
    throw new UserError(message, { cause: error })
  }
}

async function listOrg(looking: Looking, org: string): Promise<Repository[]> {
  const path = `/orgs/${encodeURIComponent(org)}/repos`
  return (await listAll(looking, path, `organization ${org}`)).all
}

/** One's own private repositories are listed nowhere but under `/user`. */
async function listUser(looking: Looking, user: string): Promise<Repository[]> {
  const { body: me } = await get<{ login: string }>(looking, '/user')
  if (me.login.toLowerCase() === user.toLowerCase()) {
    return (await listAll(looking, '/user/repos?affiliation=owner', `user ${user}`)).all
  }
  return (await listAll(looking, `/users/${encodeURIComponent(user)}/repos`, `user ${user}`)).all
}

async function search(looking: Looking, query: string): Promise<Repository[]> {
  const path = `/search/repositories?q=${encodeURIComponent(query)}`
  try {
    const { all, total } = await listAll(looking, path, `search ${query}`)
    if (total > all.length) {
      const limit =
        total > searchLimit ? `GitHub's search shows ${searchLimit} at most` : 'it timed out'
      looking.onNotice(
        `The search found ${total} repositories, and only ${all.length} of them are in this campaign: ${limit}. Narrow it, and send several campaigns.`,
      )
    }
    return all
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError('This server cannot search repositories.', {
      remedy: 'Name them with --repo, or give --org or --user and --match.',
      cause: error,
    })
  }
}

/** All pages of a list, whether they are arrays or hold one under `items`. */
async function listAll(
  looking: Looking,
  path: string,
  what: string,
): Promise<{ all: Repository[]; total: number }> {
  const all: Repository[] = []
  const separator = path.includes('?') ? '&' : '?'
  for (let page = 1; ; page += 1) {
    const url = `${path}${separator}per_page=100&page=${page}`
    const answer = get<Repository[] | { items: Repository[]; total_count: number }>(looking, url)
    const { body, hasNext } = await answer.catch((error: unknown) => {
      if (!(error instanceof AnswerError) || error.status !== 404) throw error
      throw new UserError(`There is no ${what}, or it is not yours to see.`, { cause: error })
    })
    all.push(...(Array.isArray(body) ? body : body.items))
    if (!hasNext) return { all, total: Array.isArray(body) ? all.length : body.total_count }
  }
}

async function hasFiles(
  looking: Looking,
  repository: Repository,
  files: readonly string[],
): Promise<boolean> {
  for (const file of files) {
    const path = file.split('/').map(encodeURIComponent).join('/')
    const url = `/repos/${repository.full_name}/contents/${path}`
    if (!(await isThere(looking, url))) return false
  }
  return true
}

async function isThere(looking: Looking, path: string): Promise<boolean> {
  const { client, signal } = looking
  try {
    const ask = () => client.request('GET', path, { signal })
    await (await untilReached(looking, ask, patienceMs)).body?.cancel()
    return true
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return false
    throw error
  }
}
