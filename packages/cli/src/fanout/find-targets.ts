import { matchesGlob } from 'node:path'
import { AnswerError, type Client, mapInParallel } from '@errand/contract'
import { UserError } from '../errors.ts'
import { type Targets } from './campaign.ts'
import { type Repository } from './repository.ts'

/** How many repositories are looked at at a time. */
const atOnce = 8

/**
 * The repositories a campaign is about, each once, in the order of their names. One that was named and
 * is not there is an error; one that was found and does not fit is left out.
 *
 * @throws UserError when there is nothing to look through, or the server cannot search
 */
export async function findTargets(
  client: Client,
  targets: Targets,
  signal: AbortSignal,
): Promise<Repository[]> {
  const named = await mapInParallel(targets.repos, atOnce, (name) => getNamed(client, name, signal))
  const found = [...named]
  for (const org of targets.orgs) found.push(...(await listOrg(client, org, signal)))
  for (const user of targets.users) found.push(...(await listUser(client, user, signal)))
  if (targets.search !== undefined) found.push(...(await search(client, targets.search, signal)))
  if (targets.repos.length + targets.orgs.length + targets.users.length === 0 && !targets.search) {
    throw new UserError('There are no repositories to look through.', {
      remedy: 'Name them with --repo or --repos-file, or give --org, --user or --search.',
    })
  }
  const unique = [...new Map(found.map((repository) => [repository.id, repository])).values()]
  const fitting = unique.filter((repository) => fits(repository, targets))
  const withFiles = await mapInParallel(fitting, atOnce, (repository) =>
    hasFiles(client, repository, targets.has_file, signal),
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

async function getNamed(client: Client, name: string, signal: AbortSignal): Promise<Repository> {
  try {
    return (await (await client.request('GET', `/repos/${name}`, { signal })).json()) as Repository
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    const message = `There is no repository ${name}, or it is not yours to see.`
    throw new UserError(message, { cause: error })
  }
}

async function listOrg(client: Client, org: string, signal: AbortSignal): Promise<Repository[]> {
  const path = `/orgs/${encodeURIComponent(org)}/repos`
  return listAll(client, path, `organization ${org}`, signal)
}

/** One's own private repositories are listed nowhere but under `/user`. */
async function listUser(client: Client, user: string, signal: AbortSignal): Promise<Repository[]> {
  const me = (await (await client.request('GET', '/user', { signal })).json()) as { login: string }
  if (me.login.toLowerCase() === user.toLowerCase()) {
    return listAll(client, '/user/repos?affiliation=owner', `user ${user}`, signal)
  }
  return listAll(client, `/users/${encodeURIComponent(user)}/repos`, `user ${user}`, signal)
}

async function search(client: Client, query: string, signal: AbortSignal): Promise<Repository[]> {
  const path = `/search/repositories?q=${encodeURIComponent(query)}`
  try {
    return await listAll(client, path, `search ${query}`, signal)
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
  client: Client,
  path: string,
  what: string,
  signal: AbortSignal,
): Promise<Repository[]> {
  const all: Repository[] = []
  const separator = path.includes('?') ? '&' : '?'
  for (let page = 1; ; page += 1) {
    const url = `${path}${separator}per_page=100&page=${page}`
    const response = await client.request('GET', url, { signal }).catch((error: unknown) => {
      if (!(error instanceof AnswerError) || error.status !== 404) throw error
      throw new UserError(`There is no ${what}, or it is not yours to see.`, { cause: error })
    })
    const body = (await response.json()) as Repository[] | { items: Repository[] }
    all.push(...(Array.isArray(body) ? body : body.items))
    if (!/rel="next"/.test(response.headers.get('link') ?? '')) return all
  }
}

async function hasFiles(
  client: Client,
  repository: Repository,
  files: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const file of files) {
    const path = file.split('/').map(encodeURIComponent).join('/')
    const url = `/repos/${repository.full_name}/contents/${path}`
    const isThere = await client.request('GET', url, { signal }).then(
      async (response) => {
        await response.body?.cancel()
        return true
      },
      (error: unknown) => {
        if (error instanceof AnswerError && error.status === 404) return false
        throw error
      },
    )
    if (!isThere) return false
  }
  return true
}
