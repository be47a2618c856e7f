import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { readToken } from '../auth/credentials.ts'
import { looksLikeJwt } from '../forge/actions-login.ts'

/** Who is counted: a token, or an address where there is none. */
export interface RateCaller {
  /** A hash: tokens and addresses are written nowhere. */
  key: string
  isAnonymous: boolean
  /** Counted by a limit of its own: a token of an App's installation, and a workflow's login. */
  kind?: 'installation' | 'workflow'
  /** The server's own runner, which no limit is meant for. */
  isOwn?: true
}

/** @param ownToken what the server's own runner comes with */
export function rateCallerOf(request: FastifyRequest, ownToken?: string): RateCaller {
  const token = readToken(request.headers.authorization)
  if (token === undefined) return { key: hash(`address ${request.ip}`), isAnonymous: true }
  const key = hash(token)
  const isOwn = ownToken !== undefined && key === hash(ownToken)
  const kind = kindOf(token)
  return { key, isAnonymous: false, ...(kind && { kind }), ...(isOwn ? { isOwn } : {}) }
}

/** As the token says of itself (behaviour.md 2.1): whether it is one is known only later. */
function kindOf(token: string): RateCaller['kind'] {
  if (token.startsWith('ghs_')) return 'installation'
  return looksLikeJwt(token) ? 'workflow' : undefined
}

/** A portal or a hook: it has no token, and signs what it sends from where it is. */
export function integrationCallerOf(request: FastifyRequest): RateCaller {
  return { key: hash(`integration ${request.ip}`), isAnonymous: false }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
