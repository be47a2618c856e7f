import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { readToken } from './credentials.ts'

/** Whose token a request comes with. @throws ErrandError 401 */
export async function requireCaller(
  context: ServerContext,
  request: FastifyRequest,
): Promise<Caller> {
  const token = readToken(request.headers.authorization)
  if (token === undefined) throw new ErrandError('requires_authentication')
  const caller = await context.forge.authenticate(token)
  if (caller === undefined) throw new ErrandError('bad_credentials')
  return caller
}

/** As GitHub tells on every answer; gh and go-github read both (behaviour.md 2.1). */
export function tellOfToken(reply: FastifyReply, { token }: Caller): void {
  if (token.kind === 'classic' || token.kind === 'oauth') {
    void reply.header('x-oauth-scopes', token.scopes.join(', '))
  }
  if (token.expires_at !== undefined) {
    // In GitHub's form, which go-github parses: `2026-11-23 06:50:00 UTC`.
    const time = new Date(token.expires_at).toISOString().slice(0, 19).replace('T', ' ')
    void reply.header('github-authentication-token-expiration', `${time} UTC`)
  }
}
