import { type Caller, ErrandError } from '@errand/contract'
import { impliedScopes } from './scopes.ts'

/** What an operation of the forge needs of a token, by GitHub's permission names. */
export type Permission =
  | 'contents'
  | 'pull_requests'
  | 'issues'
  | 'statuses'
  | 'checks'
  | 'administration'
  | 'metadata'
  | 'members'

/** Any one of `permissions`, at `level`. */
export interface TokenNeed {
  permissions: readonly Permission[]
  level: 'read' | 'write'
}

/**
 * Whether the token as such may do this in a repository its owner may see: scoped tokens need `repo`
 * (or `public_repo` where the repository is public), the others one of the permissions.
 *
 * @throws ErrandError 403, with the header that names what is needed.
 */
export function requirePermission(caller: Caller, need: TokenNeed, isPrivate: boolean): void {
  // Everything public may be read with any token.
  if (!isPrivate && need.level === 'read') return
  const { kind, scopes, permissions } = caller.token
  if (kind === 'classic' || kind === 'oauth') {
    if (scopes.includes('repo') || (!isPrivate && scopes.includes('public_repo'))) return
    throw lacksScope(isPrivate ? 'repo' : 'public_repo, repo')
  }
  // Who may do anything in a repository may see that it is there.
  if (need.level === 'read' && need.permissions.includes('metadata')) return
  const isGranted = need.permissions.some(
    (name) => permissions[name] === 'write' || permissions[name] === need.level,
  )
  if (!isGranted) throw lacksPermission(caller, need)
}

/** Whether the token may create repositories in somebody's name. @throws ErrandError 403 */
export function requireCreation(caller: Caller): void {
  const { kind, scopes, permissions } = caller.token
  if (kind === 'classic' || kind === 'oauth') {
    if (!scopes.includes('repo') && !scopes.includes('public_repo')) {
      throw lacksScope('public_repo, repo')
    }
  } else if (permissions['administration'] !== 'write') {
    throw lacksPermission(caller, { permissions: ['administration'], level: 'write' })
  }
}

/** Whether the token may look at who belongs to an organization, or change it. @throws ErrandError 403 */
export function requireOrganizationPermission(caller: Caller, level: 'read' | 'write'): void {
  const { kind, scopes, permissions } = caller.token
  if (kind === 'classic' || kind === 'oauth') {
    const needed = level === 'read' ? 'read:org' : 'admin:org'
    if (!impliedScopes(scopes).has(needed)) throw lacksScope(needed)
  } else if (permissions['members'] !== 'write' && permissions['members'] !== level) {
    throw lacksPermission(caller, { permissions: ['members'], level })
  }
}

function lacksScope(accepted: string): ErrandError {
  return new ErrandError('forbidden', {
    message: `This token lacks the scope it needs here, one of: ${accepted}`,
    headers: { 'x-accepted-oauth-scopes': accepted },
  })
}

function lacksPermission(caller: Caller, need: TokenNeed): ErrandError {
  const accepted = need.permissions.map((name) => `${name}=${need.level}`).join('; ')
  return new ErrandError(
    caller.token.kind === 'fine_grained' ? 'token_not_accessible' : 'integration_not_accessible',
    { headers: { 'x-accepted-github-permissions': accepted } },
  )
}
