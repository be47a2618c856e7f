import { type Caller, ErrandError, invalidField, type TokenKind } from '@errand/contract'
import type { Account, Records } from '../records/records.ts'
import { findRepository, permissionIn, roleIn } from './access.ts'
import { impliedScopes, knownPermissions, knownScopes, scopeOfPermission } from './scopes.ts'
import type { NewToken } from './tokens.ts'

/** A token as somebody asks for it. */
export interface WantedToken {
  kind: TokenKind
  scopes?: string[] | undefined
  permissions?: Record<string, 'read' | 'write'> | undefined
  /** `owner/name`; absent: every repository its user may see. */
  repositories?: string[] | undefined
  /** ISO time. Absent: never, or when the token ends that asks for it. */
  expires_at?: string | undefined
}

/**
 * What a caller may hand on: a token that can do nothing their own token cannot, and ends no later.
 * Only classic tokens hand anything on, as they are all that GitHub lets administer an account.
 *
 * @throws ErrandError forbidden where it would be more, validation_failed where it is nothing known.
 */
export function requireGrant(
  records: Records,
  caller: Caller,
  user: Account,
  wanted: WantedToken,
): NewToken {
  requireMaker(caller)
  if (user.id !== caller.user.id) requireSiteAdmin(caller)
  if (user.type !== 'User') throw invalidField('user', `${user.login} is no user`, 'Token')
  const isScoped = wanted.kind === 'classic' || wanted.kind === 'oauth'
  const repositoryIds = repositoriesOf(records, caller, user, wanted, isScoped)
  const expiresAt = expiryOf(caller, wanted.expires_at)
  return {
    user,
    kind: wanted.kind,
    ...(isScoped ? { scopes: scopesOf(caller, wanted) } : {}),
    ...(isScoped ? {} : { permissions: permissionsOf(caller, wanted) }),
    ...(repositoryIds === undefined ? {} : { repository_ids: repositoryIds }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  }
}

/** @throws ErrandError forbidden for a token that may not look after tokens at all */
export function requireMaker(caller: Caller): void {
  if (caller.token.kind === 'classic') return
  throw new ErrandError('forbidden', {
    message: 'Tokens are made, listed and revoked with a classic token only',
  })
}

/** Whether the caller may act for others, with this very token. @throws ErrandError forbidden */
export function requireSiteAdmin(caller: Caller): void {
  const { kind, scopes } = caller.token
  if (caller.isSiteAdmin && kind === 'classic' && scopes.includes('site_admin')) return
  throw new ErrandError('forbidden', {
    message: caller.isSiteAdmin
      ? 'This needs a classic token with the scope site_admin'
      : 'Only a site administrator may do this',
    headers: { 'x-accepted-oauth-scopes': 'site_admin' },
  })
}

function scopesOf(caller: Caller, { kind, scopes = ['repo'], permissions }: WantedToken): string[] {
  if (permissions !== undefined) {
    throw invalidField('permissions', `permissions: a token of kind ${kind} has scopes`, 'Token')
  }
  const held = impliedScopes(caller.token.scopes)
  for (const scope of scopes) {
    if (!knownScopes.includes(scope)) {
      const known = knownScopes.join(', ')
      throw invalidField('scopes', `scopes: '${scope}' is none of ${known}`, 'Token')
    }
    if (!held.has(scope)) throw tooMuch(`the scope ${scope}`)
  }
  return [...new Set(scopes)]
}

function permissionsOf(
  caller: Caller,
  { kind, scopes, permissions = {} }: WantedToken,
): Record<string, 'read' | 'write'> {
  if (scopes !== undefined) {
    throw invalidField('scopes', `scopes: a token of kind ${kind} has permissions`, 'Token')
  }
  const held = impliedScopes(caller.token.scopes)
  for (const [name, level] of Object.entries(permissions)) {
    const scope = scopeOfPermission(name)
    if (scope === undefined) {
      const known = knownPermissions.join(', ')
      throw invalidField('permissions', `permissions: '${name}' is none of ${known}`, 'Token')
    }
    if (!held.has(scope)) throw tooMuch(`the permission ${name}=${level}`)
  }
  return permissions
}

/** A token that is for some repositories only makes none that is for others. */
function repositoriesOf(
  records: Records,
  caller: Caller,
  user: Account,
  { kind, repositories }: WantedToken,
  isScoped: boolean,
): number[] | undefined {
  const own = records.tokens.get(caller.token.hash)?.repository_ids
  if (repositories === undefined) return own
  if (isScoped) {
    const message = `repositories: a token of kind ${kind} is for all its user may see; fine_grained ones are for some`
    throw invalidField('repositories', message, 'Token')
  }
  const ids = repositories.map((name) => {
    const [owner = '', repo = ''] = name.split('/')
    const found = findRepository(records, { owner, repo })?.repository
    const isSeen =
      found !== undefined &&
      permissionIn(records, caller, found) !== undefined &&
      roleIn(records, user, found) !== undefined
    if (!isSeen) {
      const message = `repositories: there is no ${name}, or it may not be seen`
      throw invalidField('repositories', message, 'Token')
    }
    if (own !== undefined && !own.includes(found.id)) throw tooMuch(`the repository ${name}`)
    return found.id
  })
  return [...new Set(ids)]
}

function expiryOf(caller: Caller, wanted: string | undefined): string | undefined {
  const own = caller.token.expires_at
  if (wanted === undefined) return own
  const time = Date.parse(wanted)
  if (Number.isNaN(time) || time <= Date.now()) {
    throw invalidField('expires_at', `expires_at '${wanted}' is no time to come`, 'Token')
  }
  if (own !== undefined && time > Date.parse(own)) throw tooMuch(`an end after ${own}`)
  return new Date(time).toISOString()
}

function tooMuch(what: string): ErrandError {
  return new ErrandError('forbidden', {
    message: `A token makes none that can do more than itself: this one lacks ${what}`,
  })
}
