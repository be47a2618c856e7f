import { type Caller, ErrandError, type RepositoryAccess, type Settings } from '@errand/contract'

/**
 * Whether the token as such may use an operation of the Agent Tasks API (behaviour.md 2.1): no
 * installation tokens, unless `allow_server_to_server`; fine-grained and user-to-server tokens with the permission "Agent tasks";
 * classic and OAuth tokens with the scope `repo`, or `public_repo` for public repositories.
 *
 * @throws ErrandError 403, with the header that names what is needed; 404 for a private repository
 * that the token's scopes do not reach.
 */
export function requireTokenPermission(
  settings: Pick<Settings, 'allow_server_to_server'>,
  caller: Caller,
  level: 'read' | 'write',
  repository?: RepositoryAccess,
): void {
  const { kind, scopes, permissions } = caller.token
  switch (kind) {
    case 'classic':
    case 'oauth':
      if (scopes.includes('repo') || scopes.includes('public_repo')) break
      throw new ErrandError('forbidden', {
        message: 'This token lacks the scope repo (or public_repo, for a public repository)',
        headers: { 'x-accepted-oauth-scopes': 'repo' },
      })
    case 'installation':
    case 'fine_grained':
    case 'user_to_server': {
      const isAdmitted = kind !== 'installation' || settings.allow_server_to_server
      const granted = permissions['agent_tasks']
      if (isAdmitted && (granted === 'write' || granted === level)) break
      throw new ErrandError(
        kind === 'fine_grained' ? 'token_not_accessible' : 'integration_not_accessible',
        { headers: accepted(level) },
      )
    }
  }
  if (repository !== undefined && !canReach(caller, repository)) throw new ErrandError('not_found')
}

/** To a scoped token without `repo` private repositories are not there at all. */
export function canReach(caller: Caller, repository: RepositoryAccess): boolean {
  const { kind, scopes } = caller.token
  const isScoped = kind === 'classic' || kind === 'oauth'
  return !repository.private || !isScoped || scopes.includes('repo')
}

function accepted(level: 'read' | 'write'): Record<string, string> {
  return { 'x-accepted-github-permissions': `agent_tasks=${level}` }
}
