/**
 * The scopes of classic and OAuth tokens, each with those it holds as well.
 * https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
 */
const scopes: Readonly<Record<string, readonly string[]>> = {
  repo: ['public_repo', 'repo:status', 'repo_deployment', 'repo:invite', 'security_events'],
  'repo:status': [],
  repo_deployment: [],
  public_repo: [],
  'repo:invite': [],
  security_events: [],
  workflow: [],
  delete_repo: [],
  gist: [],
  notifications: [],
  user: ['read:user', 'user:email', 'user:follow'],
  'read:user': [],
  'user:email': [],
  'user:follow': [],
  'admin:org': ['write:org'],
  'write:org': ['read:org'],
  'read:org': [],
  'admin:repo_hook': ['write:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'read:repo_hook': [],
  'admin:org_hook': [],
  'read:audit_log': [],
  // GitHub Enterprise Server's: what a site administrator does for others.
  site_admin: [],
}

export const knownScopes: readonly string[] = Object.keys(scopes)

/** The scope that stands for a permission on repositories, and the one for those of organizations. */
const scopeOfRepositories = 'repo'
const scopeOfOrganizations = 'admin:org'

/**
 * The permissions of the other kinds of tokens, by GitHub's names, with the scope that holds as much.
 * https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
 */
const permissions: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'actions',
      'administration',
      'agent_tasks',
      'checks',
      'contents',
      'copilot_agent_settings',
      'deployments',
      'environments',
      'issues',
      'metadata',
      'pull_requests',
      'repository_hooks',
      'secrets',
      'statuses',
      'variables',
      'workflows',
    ].map((name) => [name, scopeOfRepositories]),
  ),
  ...Object.fromEntries(
    [
      'members',
      'organization_administration',
      'organization_copilot_agent_settings',
      'organization_hooks',
      'organization_secrets',
      'organization_variables',
    ].map((name) => [name, scopeOfOrganizations]),
  ),
}

export const knownPermissions: readonly string[] = Object.keys(permissions)

/** All that a set of scopes allows, by name. */
export function impliedScopes(given: readonly string[]): ReadonlySet<string> {
  const all = new Set<string>(given)
  // What is added while it is walked over is walked over too.
  for (const scope of all) for (const inner of scopes[scope] ?? []) all.add(inner)
  return all
}

/** The scope that allows at least as much as a permission; undefined for a name that is none. */
export function scopeOfPermission(name: string): string | undefined {
  return Object.hasOwn(permissions, name) ? permissions[name] : undefined
}
