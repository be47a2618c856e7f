import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AnswerError, type Client } from '@errand/contract'
import type { RepositoryName } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'
import { beginHistory, fetchHistory } from './complete-history.ts'
import { type GitOptions, runGit } from './git-command.ts'

export interface ImportOptions {
  client: Client
  /** Of the server: it goes to git by its environment, never by its arguments. */
  token: string
  environment: Environment
  cwd: string
  signal: AbortSignal
  /** Whether everybody may read it; default no. */
  isPublic?: boolean
  onProgress?: (text: string) => void
  /**
   * Told why the history of a shallow clone cannot be had: it is then imported with one commit of what
   * is there. Without this, it is not imported.
   */
  onHistoryMissing?: (reason: string) => void
}

export interface ImportedRepository {
  full_name: string
  html_url: string
  clone_url: string
  default_branch: string
}

/**
 * Copies branches and tags of a folder or a URL into a repository of the server's forge, which is
 * created when it is not there. It goes by GitHub's API and git over HTTP, so that it works on any
 * forge; nothing that is there already is overwritten. Throws `UserError` when it cannot be done.
 */
export async function importRepository(
  source: string,
  name: RepositoryName,
  options: ImportOptions,
): Promise<ImportedRepository> {
  const scratch = await mkdtemp(join(tmpdir(), 'errand-import-'))
  try {
    const copy = await copySource(source, scratch, options)
    const repository = await openRepository(name, copy.defaultBranch, options)
    await push(copy, repository, options)
    return await setDefaultBranch(repository, copy.defaultBranch, options)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Copy {
  git: GitOptions
  defaultBranch: string
}

/**
 * The source is copied first, and pushed from the copy: git is never run inside a folder that may
 * belong to someone else, whose configuration and hooks could lead the token elsewhere.
 */
async function copySource(source: string, scratch: string, options: ImportOptions): Promise<Copy> {
  const { cwd, environment, signal, onProgress } = options
  const isUrl = /^[a-z+]+:\/\//.test(source) || /^[^/]+@[^/]+:/.test(source)
  const from = isUrl ? source : resolve(cwd, source)
  const bare = join(scratch, 'copy.git')
  const base: GitOptions = { environment, signal, ...(onProgress && { onProgress }) }
  const reading = isUrl ? base : { ...base, environment: await trustFolders(scratch, environment) }
  // No template: its hooks have no business here.
  await runGit(['clone', '--bare', '--progress', '--template=', '--', from, bare], reading)
  const git = { ...base, cwd: bare }
  const isShallow = await runGit(['rev-parse', '--is-shallow-repository'], git)
  if (isShallow.trim() !== 'true') {
    return { git, defaultBranch: await findDefaultBranch(source, git) }
  }
  try {
    await fetchHistory(from, git, reading)
  } catch (error) {
    if (options.onHistoryMissing === undefined || !(error instanceof UserError)) throw error
    options.onHistoryMissing(error.message)
    const defaultBranch = await findDefaultBranch(source, git)
    await beginHistory(defaultBranch, git)
    return { git, defaultBranch }
  }
  return { git, defaultBranch: await findDefaultBranch(source, git) }
}

/** git refuses to read a folder of another user; that one was named by hand, to be read. */
async function trustFolders(scratch: string, environment: Environment): Promise<Environment> {
  const path = join(scratch, 'gitconfig')
  await writeFile(path, '[safe]\n\tdirectory = *\n')
  return { ...environment, GIT_CONFIG_GLOBAL: path }
}

/** What HEAD names; a source without branches (a CI checkout) has its commit become `main`. */
async function findDefaultBranch(source: string, git: GitOptions): Promise<string> {
  const branches = (
    await runGit(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads'], git)
  )
    .split('\n')
    .filter((branch) => branch !== '')
  if (branches.length === 0) {
    await runGit(['update-ref', 'refs/heads/main', 'HEAD'], git).catch((cause: unknown) => {
      throw new UserError(`${source} has no commits: there is nothing to import.`, { cause })
    })
    return 'main'
  }
  const head = (await runGit(['rev-parse', '--abbrev-ref', 'HEAD'], git)).trim()
  return branches.includes(head) ? head : (branches[0] ?? head)
}

async function openRepository(
  { owner, repo }: RepositoryName,
  defaultBranch: string,
  { client, signal, isPublic = false }: ImportOptions,
): Promise<ImportedRepository> {
  const existing = await readJson<ImportedRepository>(client, 'GET', `/repos/${owner}/${repo}`, {
    signal,
  })
  if (existing) return existing
  const user = await readJson<{ login: string }>(client, 'GET', '/user', { signal })
  const isOwn = user?.login.toLowerCase() === owner.toLowerCase()
  const created = await readJson<ImportedRepository>(
    client,
    'POST',
    isOwn ? '/user/repos' : `/orgs/${owner}/repos`,
    // GitHub ignores default_branch here; setDefaultBranch sees to it there.
    { body: { name: repo, private: !isPublic, default_branch: defaultBranch }, signal },
  )
  if (created) return created
  throw new UserError(`There is no organization ${owner} where you may create repositories.`, {
    remedy: `Your own are under ${user?.login}/.`,
  })
}

async function push(
  copy: Copy,
  repository: ImportedRepository,
  options: ImportOptions,
): Promise<void> {
  const { origin } = new URL(repository.clone_url)
  const basic = Buffer.from(`x-access-token:${options.token}`).toString('base64')
  const git: GitOptions = {
    ...copy.git,
    environment: { ...options.environment, GIT_TERMINAL_PROMPT: '0' },
    config: {
      [`http.${origin}/.extraHeader`]: `Authorization: Basic ${basic}`,
      'credential.helper': '',
      // The default of 1 MiB makes a forge read larger pushes in pieces of unknown length.
      'http.postBuffer': '52428800',
    },
  }
  const first = `refs/heads/${copy.defaultBranch}`
  // A forge takes the first branch it is given for the default one.
  await runGit(['push', '--progress', repository.clone_url, `${first}:${first}`], git)
  const rest = ['refs/heads/*:refs/heads/*', 'refs/tags/*:refs/tags/*']
  await runGit(['push', '--progress', repository.clone_url, ...rest], git)
}

async function setDefaultBranch(
  repository: ImportedRepository,
  branch: string,
  { client, signal }: ImportOptions,
): Promise<ImportedRepository> {
  const path = `/repos/${repository.full_name}`
  const now = (await readJson<ImportedRepository>(client, 'GET', path, { signal })) ?? repository
  if (now.default_branch === branch) return now
  const body = { default_branch: branch }
  return (await readJson<ImportedRepository>(client, 'PATCH', path, { body, signal })) ?? now
}

/** undefined for 404. The fields used are those every GitHub-compatible forge has. */
async function readJson<T>(
  client: Client,
  method: string,
  path: string,
  options: Parameters<Client['request']>[2],
): Promise<T | undefined> {
  try {
    return (await (await client.request(method, path, options)).json()) as T
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return undefined
    throw error
  }
}
