import { createHash, randomBytes } from 'node:crypto'
import { type Caller, invalidField, type TokenKind } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import type { Account, Records, Token } from '../records/records.ts'
import { isExpired } from './expired-tokens.ts'

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
  /** What its user knows it by. Default: its kind. */
  name?: string
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
  return (await issueToken(records, input)).secret
}

/** As `createToken`, with what is stored of it. */
export async function issueToken(
  records: Records,
  input: NewToken,
): Promise<{ secret: string; token: Token }> {
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
  // The first owner's is given anew at each start: it stays the one it was.
  const known = records.tokens.get(hash)
  const token = await records.tokens.put(hash, {
    id: known?.id ?? (await records.nextId()),
    hash,
    name: input.name ?? known?.name ?? input.kind,
    user_id: input.user.id,
    kind: input.kind,
    scopes: isScoped ? (input.scopes ?? ['repo']) : [],
    permissions: isScoped ? {} : (input.permissions ?? {}),
    ...(input.repository_ids === undefined ? {} : { repository_ids: input.repository_ids }),
    ...(input.expires_at === undefined ? {} : { expires_at: input.expires_at }),
    ...(known?.last_used_at === undefined ? {} : { last_used_at: known.last_used_at }),
    created_at: known?.created_at ?? new Date().toISOString(),
  })
  return { secret, token }
}

export async function revokeToken(records: Records, secret: string): Promise<void> {
  await records.tokens.delete(hashToken(secret))
}

/** Gives an id and a name to the tokens that were made before tokens had them. */
export async function completeTokens(records: Records): Promise<void> {
  for (const token of records.tokens.values() as (Omit<Token, 'id' | 'name'> & Partial<Token>)[]) {
    const { id = await records.nextId(), name = token.kind } = token
    if (token.id === undefined) await records.tokens.put(token.hash, { ...token, id, name })
  }
}

/** Who a token belongs to; undefined when it is unknown, expired or revoked. Notes its use. */
export function authenticate(
  { records, tokenUse }: Pick<ForgeContext, 'records' | 'tokenUse'>,
  secret: string,
): Caller | undefined {
  const token = records.tokens.get(hashToken(secret))
  if (token === undefined || isExpired(token)) return undefined
  const account = records.accounts.get(String(token.user_id))
  if (account === undefined) return undefined
  tokenUse.note(token)
  return presentCaller(account, token, secret)
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

/** In hexadecimal, which is a file name as well. */
function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
