import {
  type Caller,
  ErrandError,
  type RepositoryAccess,
  type Settings,
  type TokenPermission,
} from '@errand/contract'

/** All but what every token is granted. */
type GrantedPermission = Exclude<TokenPermission, 'metadata'>

/** The scopes of which a classic or OAuth token needs one (behaviour.md 2.1, 2.2). */
const scopesFor: Record<GrantedPermission, string[]> = {
  agent_tasks: ['repo', 'public_repo'],
  administration: ['repo'],
  organization_copilot_agent_settings: ['admin:org'],
  organization_administration: ['admin:org', 'read:audit_log'],
  organization_hooks: ['admin:org_hook'],
  repository_hooks: ['admin:repo_hook', 'repo'],
  secrets: ['repo'],
  variables: ['repo'],
  organization_secrets: ['admin:org'],
  organization_variables: ['admin:org'],
}

/**
 * Whether the token as such may use an operation (behaviour.md 2.1, 2.2): fine-grained, user-to-server and
 * installation tokens with the permission it takes; classic and OAuth tokens with one of its scopes. For
 * agent tasks installation tokens are refused as GitHub does, unless `allow_server_to_server`.
 *
 * @throws ErrandError 403, with the header that names what is needed; 404 for a private repository
 * that the token's scopes do not reach.
 */
export function requireTokenPermission(
  settings: Pick<Settings, 'allow_server_to_server'>,
  caller: Caller,
  level: 'read' | 'write',
  repository?: RepositoryAccess,
  permission: TokenPermission = 'agent_tasks',
): void {
  if (permission !== 'metadata') requireGrant(settings, caller, level, permission)
  if (repository !== undefined && !canReach(caller, repository)) throw new ErrandError('not_found')
}

function requireGrant(
  settings: Pick<Settings, 'allow_server_to_server'>,
  caller: Caller,
  level: 'read' | 'write',
  permission: GrantedPermission,
): void {
  const { kind, scopes, permissions } = caller.token
  switch (kind) {
    case 'classic':
    case 'oauth':
      if (scopesFor[permission].some((scope) => scopes.includes(scope))) break
      throw lacksScope(permission)
    case 'installation':
    case 'fine_grained':
    case 'user_to_server': {
      // GitHub keeps installations from tasks alone.
      const isKept = kind === 'installation' && permission === 'agent_tasks'
      const isAdmitted = !isKept || settings.allow_server_to_server
      const granted = permissions[permission]
      if (isAdmitted && (granted === 'write' || granted === level)) break
      throw new ErrandError(
        kind === 'fine_grained' ? 'token_not_accessible' : 'integration_not_accessible',
        { headers: accepted(permission, level) },
      )
    }
  }
}

/** To a scoped token without `repo` private repositories are not there at all. */
export function canReach(caller: Caller, repository: RepositoryAccess): boolean {
  const { kind, scopes } = caller.token
  const isScoped = kind === 'classic' || kind === 'oauth'
  return !repository.private || !isScoped || scopes.includes('repo')
}

function accepted(permission: TokenPermission, level: 'read' | 'write'): Record<string, string> {
  return { 'x-accepted-github-permissions': `${permission}=${level}` }
}

function lacksScope(permission: GrantedPermission): ErrandError {
  const [scope = ''] = scopesFor[permission]
  const message =
    permission === 'agent_tasks'
      ? 'This token lacks the scope repo (or public_repo, for a public repository)'
      : `This token lacks the scope ${scopesFor[permission].join(' or ')}`
  return new ErrandError('forbidden', { message, headers: { 'x-accepted-oauth-scopes': scope } })
}
