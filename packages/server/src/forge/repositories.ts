import {
  type Caller,
  ErrandError,
  type RepositoryAccess,
  type RepositoryPermission,
} from '@errand/contract'
import { Permission, Repository } from './answers.ts'
import type { createMemory } from './memory.ts'
import { parseAnswer, segment, type Upstream } from './upstream.ts'
import { limitedFor, limitOf, upstreamError } from './upstream-error.ts'
import { webUrlOf } from './web-url.ts'

/**
 * A repository as the caller may see it. Undefined where they may not, or it is another than the only one
 * they may.
 */
export async function findRepository(
  upstream: Upstream,
  caller: Caller,
  path: string,
  { asked, asksAnew }: { asked?: string; asksAnew?: boolean } = {},
): Promise<RepositoryAccess | undefined> {
  const answer = await upstream.look(caller.secret, path, asksAnew)
  if (answer.status === 401) throw new ErrandError('bad_credentials')
  if (answer.status !== 200) return undefined
  const found = parseAnswer(answer.text, Repository)
  if (caller.onlyRepositoryId !== undefined && found.id !== caller.onlyRepositoryId) {
    return undefined
  }
  const permission = await permissionOf(upstream, caller, found, asksAnew)
  if (permission === undefined) return undefined
  const renamed = asked !== undefined && found.full_name.toLowerCase() !== asked.toLowerCase()
  return { ...found, permission, renamed }
}

const levels: RepositoryPermission[] = ['admin', 'maintain', 'write', 'triage', 'read']

async function permissionOf(
  upstream: Upstream,
  caller: Caller,
  repository: Repository,
  asksAnew?: boolean,
): Promise<RepositoryPermission | undefined> {
  if (caller.isOnBehalf === true) {
    return await permissionByName(upstream, caller, repository, asksAnew)
  }
  // GitHub says of every installation that it may not push: `requirePush` asks for it in another way.
  if (caller.token.kind === 'installation') return 'write'
  // GitHub says `push` and `pull` where the levels are called write and read.
  const { permissions } = repository
  const names: Record<string, boolean> = { ...permissions, write: permissions['push'] ?? false }
  return levels.find((level) => names[level]) ?? 'read'
}

/** What GitHub says a user may do, to who is not the user; undefined when that is nothing. */
async function permissionByName(
  upstream: Upstream,
  caller: Caller,
  { full_name: name }: Repository,
  asksAnew?: boolean,
): Promise<RepositoryPermission | undefined> {
  const path = `/repos/${name}/collaborators/${segment(caller.user.login)}/permission`
  const answer = await upstream.look(caller.secret, path, asksAnew)
  // The user may still do all they could: it is this server's own token that is good no more.
  if (answer.status === 401) throw new ErrandError('bad_credentials')
  if (answer.status !== 200) return undefined
  const { permission, role_name: role } = parseAnswer(answer.text, Permission)
  return levels.find((level) => level === role) ?? levels.find((level) => level === permission)
}

/**
 * Whether the token as such may push, whatever its user may: of fine-grained and App tokens GitHub does
 * not tell what they are granted. git's own question is asked, which changes nothing. It is what keeps a
 * token that may only read from work that is done with another.
 *
 * @throws ErrandError 403 with the header that names what is needed.
 */
export async function requirePush(
  upstream: Upstream,
  remember: ReturnType<typeof createMemory<boolean>>,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<void> {
  const { kind, hash } = caller.token
  if (caller.isOnBehalf === true || kind === 'classic' || kind === 'oauth') return
  const may = await remember(`${hash} ${repository.full_name}`, async () => {
    const value = await mayPush(upstream, caller, repository)
    return { value, isKept: value }
  })
  if (may) return
  throw new ErrandError(
    kind === 'fine_grained' ? 'token_not_accessible' : 'integration_not_accessible',
    { headers: { 'x-accepted-github-permissions': 'contents=write' } },
  )
}

async function mayPush(
  upstream: Upstream,
  caller: Caller,
  { full_name: name }: RepositoryAccess,
): Promise<boolean> {
  const basic = Buffer.from(`x-access-token:${caller.secret}`).toString('base64')
  const url = `${webUrlOf(upstream.apiUrl)}/${name}.git/info/refs?service=git-receive-pack`
  let response: Response
  try {
    response = await fetch(url, {
      headers: { authorization: `Basic ${basic}`, 'user-agent': 'git/errand' },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
  } catch (cause) {
    throw new ErrandError('bad_upstream', { message: 'The forge cannot be reached', cause })
  }
  const limit = await limitOf(response)
  if (limit !== undefined) throw limitedFor(limit.waitSeconds)
  if (response.status >= 500) throw await upstreamError(response, upstream.apiUrl)
  // Only whether it would go on is of interest, not the branches it would tell of.
  await response.body?.cancel()
  return response.status === 200
}
