import { type Caller, ErrandError } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { authenticate } from '../identity/tokens.ts'

/** Who asks; undefined for somebody without a token. @throws ErrandError bad_credentials */
export function readCaller(
  context: Pick<ForgeContext, 'records' | 'tokenUse'>,
  authorization: string | undefined,
): Caller | undefined {
  const secret = readSecret(authorization)
  if (secret === undefined) return undefined
  const caller = authenticate(context, secret)
  if (caller === undefined) throw new ErrandError('bad_credentials')
  return caller
}

/** `Bearer X`, `token X`, or Basic with the token as password (behaviour.md 2.1). */
export function readSecret(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(authorization ?? '') ?? []
  if (/^(bearer|token)$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) return undefined
  const [user = '', ...password] = Buffer.from(value, 'base64').toString().split(':')
  return password.join(':') || user || undefined
}

/** What every answer tells the owner of a token about it. */
export function tokenHeaders(caller: Caller): Record<string, string> {
  const { kind, scopes, expires_at: expiresAt } = caller.token
  return {
    ...(kind === 'classic' || kind === 'oauth' ? { 'x-oauth-scopes': scopes.join(', ') } : {}),
    ...(expiresAt === undefined
      ? {}
      : { 'github-authentication-token-expiration': presentExpiry(expiresAt) }),
  }
}

/** In GitHub's form, which go-github and others parse: `2026-11-23 06:50:00 UTC`. */
function presentExpiry(expiresAt: string): string {
  return `${new Date(expiresAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
