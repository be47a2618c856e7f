import { createHash, randomBytes } from 'node:crypto'
import { type Caller, invalidField, type TokenKind } from '@errand/contract'
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
  /** Restricts it to these repositories. Default: all its user may see. */
  repository_ids?: number[]
  /** ISO time. Default: never. */
  expires_at?: string
  /** A token made elsewhere, as the first owner's may be. Default: a random one. */
  secret?: string
}

/**
 * Makes a token and returns it: it is shown this once, and stored only as its hash.
 *
 * @throws ErrandError validation_failed when `expires_at` is no time, or `secret` no token.
 */
export async function createToken(records: Records, input: NewToken): Promise<string> {
  const secret = input.secret ?? `${prefixes[input.kind]}${randomBytes(27).toString('base64url')}`
  // What could not be sent in a header would lock its owner out.
  if (!/^[\x21-\x7e]{8,255}$/.test(secret)) {
    throw invalidField('secret', 'a token has 8 to 255 visible ASCII characters', 'Token')
  }
  // Compared with the clock later: what is no time would never expire.
  if (input.expires_at !== undefined && Number.isNaN(Date.parse(input.expires_at))) {
    throw invalidField('expires_at', `expires_at '${input.expires_at}' is not an ISO time`, 'Token')
  }
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
