import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UserError } from '../errors.ts'

const run = promisify(execFile)

export interface RepositoryName {
  owner: string
  repo: string
}

const namePattern = /^(?<owner>[A-Za-z0-9][A-Za-z0-9._-]*)\/(?<repo>[A-Za-z0-9._-]+?)(?:\.git)?$/

/** Reads `owner/repo`, or the URL of one. Throws `UserError` on anything else. */
export function parseRepository(text: string): RepositoryName {
  const parsed = parseName(text) ?? parseRemote(text)
  if (parsed) return parsed
  throw new UserError(`\`${text}\` is not a repository. Name it as owner/repo, like -R me/shop.`)
}

function parseName(text: string): RepositoryName | undefined {
  const { owner, repo } = namePattern.exec(text)?.groups ?? {}
  return owner && repo ? { owner, repo } : undefined
}

/** The repository a git remote stands for: https, ssh and scp-like forms; undefined for a plain path. */
export function parseRemote(url: string): RepositoryName | undefined {
  const path = URL.canParse(url)
    ? new URL(url).pathname
    : /^[^/]+:(?<path>.+)$/.exec(url)?.groups?.path
  const parts = (path ?? '').split('/').filter((part) => part !== '')
  return parts.length < 2 ? undefined : parseName(parts.slice(-2).join('/'))
}

/** `-R`, or what the checkout's remote says: `origin`, or the only one there is. */
export async function findRepository(
  given: string | undefined,
  cwd: string,
): Promise<RepositoryName> {
  if (given !== undefined) return parseRepository(given)
  const remote = await readRemote(cwd)
  const found = remote === undefined ? undefined : parseRemote(remote)
  if (found) return found
  throw new UserError(
    'This folder is no checkout with a remote. Name the repository with -R owner/repo.',
  )
}

async function readRemote(cwd: string): Promise<string | undefined> {
  const names = (await git(cwd, 'remote'))?.split('\n').filter((name) => name !== '') ?? []
  const name = names.includes('origin') ? 'origin' : names.length === 1 ? names[0] : undefined
  return name === undefined ? undefined : (await git(cwd, 'remote', 'get-url', name))?.trim()
}

/** undefined when git fails: outside of a checkout, or without git. */
async function git(cwd: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await run('git', ['-C', cwd, ...args])).stdout
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}
