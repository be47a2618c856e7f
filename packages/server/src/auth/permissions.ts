import { type Caller, ErrandError, type RepositoryAccess } from '@errand/contract'

/**
 * Whether the token as such may use an operation of the Agent Tasks API (behaviour.md 2.1): no
 * installation tokens; fine-grained and user-to-server tokens with the permission "Agent tasks";
 * classic and OAuth tokens with the scope `repo`, or `public_repo` for public repositories.
 *
 * @throws ErrandError 403, with the header that names what is needed.
 */
export function requireTokenPermission(
  caller: Caller,
  level: 'read' | 'write',
  repository?: RepositoryAccess,
): void {
  const accepted = { 'x-accepted-github-permissions': `agent_tasks=${level}` }
  switch (caller.token.kind) {
    case 'installation':
      throw new ErrandError('integration_not_accessible', { headers: accepted })
    case 'fine_grained':
    case 'user_to_server': {
      const granted = caller.token.permissions['agent_tasks']
      if (granted === 'write' || granted === level) return
      throw new ErrandError(
        caller.token.kind === 'fine_grained'
          ? 'token_not_accessible'
          : 'integration_not_accessible',
        { headers: accepted },
      )
    }
    case 'classic':
    case 'oauth': {
      const { scopes } = caller.token
      if (scopes.includes('repo')) return
      if (scopes.includes('public_repo') && repository?.private !== true) return
      throw new ErrandError('forbidden', {
        message: 'This token lacks the scope repo (or public_repo, for a public repository)',
        headers: { 'x-accepted-oauth-scopes': 'repo' },
      })
    }
  }
}
