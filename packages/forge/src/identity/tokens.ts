import { createHash, randomBytes } from 'node:crypto'
import { type Caller, ErrandError, type TokenKind } from '@errand/contract'
import type { Account, Records, Token } from '../records/records.ts'

/** What tokens begin with, by kind (behaviour.md 2.1). */
const prefixes: Record<TokenKind, string> = {
  classic: 'ghp_',
  fine_grained: 'github_pat_',
  oauth: 'gho_',
  user_to_server: 'ghu_',
  installation: 'ghs_',
}

export interface NewToken {
  user: { id: number }
  kind: TokenKind
  /** Classic and OAuth tokens. Default `repo`. */
  scopes?: string[]
  /** The other kinds: permission name to level. Default none. */
  permissions?: Record<string, 'read' | 'write'>
  /** Restricts the other kinds to these repositories. */
  repository_ids?: number[]
  /** ISO time. Default: never. */
  expires_at?: string
  /** A token made elsewhere, as the first owner's may be. Default: a random one. */
  secret?: string
}

/** Makes a token and returns it: it is shown this once, and stored only as its hash. */
export async function createToken(records: Records, input: NewToken): Promise<string> {
  const secret = input.secret ?? `${prefixes[input.kind]}${randomBytes(27).toString('base64url')}`
  const hash = hashToken(secret)
  const isScoped = input.kind === 'classic' || input.kind === 'oauth'
  await records.tokens.put(hash, {
    hash,
    user_id: input.user.id,
    kind: input.kind,
    scopes: isScoped ? (input.scopes ?? ['repo']) : [],
    permissions: isScoped ? {} : (input.permissions ?? {}),
    ...(input.repository_ids === undefined ? {} : { repository_ids: input.repository_ids }),
    ...(input.expires_at === undefined ? {} : { expires_at: input.expires_at }),
    created_at: new Date().toISOString(),
  })
  return secret
}

export async function revokeToken(records: Records, secret: string): Promise<void> {
  await records.tokens.delete(hashToken(secret))
}

/** Who a token belongs to; undefined when it is unknown, expired or revoked. */
export function authenticate(records: Records, secret: string): Caller | undefined {
  const token = records.tokens.get(hashToken(secret))
  if (token === undefined || isExpired(token)) return undefined
  const account = records.accounts.get(String(token.user_id))
  return account === undefined ? undefined : presentCaller(account, token, secret)
}

function presentCaller(account: Account, token: Token, secret: string): Caller {
  return {
    user: { id: account.id, login: account.login, type: account.type },
    token: {
      kind: token.kind,
      hash: token.hash,
      scopes: token.scopes,
      permissions: token.permissions,
      ...(token.expires_at === undefined ? {} : { expires_at: token.expires_at }),
    },
    secret,
    isSiteAdmin: account.site_admin,
  }
}

function isExpired(token: Token): boolean {
  return token.expires_at !== undefined && Date.parse(token.expires_at) <= Date.now()
}

/** In hexadecimal, which is a file name as well. */
function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** What an operation of the forge needs of a token, by GitHub's permission names. */
export type Permission = 'contents' | 'pull_requests' | 'issues' | 'administration' | 'metadata'

/**
 * Whether the token as such may do this: scoped tokens need `repo` (or `public_repo` where the
 * repository is public), the others the permission.
 *
 * @throws ErrandError 403, with the header that names what is needed.
 */
export function requirePermission(
  caller: Caller,
  permission: Permission,
  level: 'read' | 'write',
  isPrivate: boolean,
): void {
  const { kind, scopes, permissions } = caller.token
  if (kind === 'classic' || kind === 'oauth') {
    if (
      scopes.includes('repo') ||
      (!isPrivate && (level === 'read' || scopes.includes('public_repo')))
    )
      return
    throw new ErrandError('forbidden', {
      message: 'This token lacks the scope repo (or public_repo, for a public repository)',
      headers: { 'x-accepted-oauth-scopes': 'repo' },
    })
  }
  const granted = permissions[permission]
  if (granted === 'write' || granted === level) return
  // Every token may see that a repository is there.
  if (permission === 'metadata' || (!isPrivate && level === 'read')) return
  throw new ErrandError(
    kind === 'fine_grained' ? 'token_not_accessible' : 'integration_not_accessible',
    {
      headers: { 'x-accepted-github-permissions': `${permission}=${level}` },
    },
  )
}
