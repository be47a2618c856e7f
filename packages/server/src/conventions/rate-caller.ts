import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { readToken } from '../auth/credentials.ts'

/** Who is counted: a token, or an address where there is none. */
export interface RateCaller {
  /** A hash: tokens and addresses are written nowhere. */
  key: string
  isAnonymous: boolean
  /** The server's own runner, which no limit is meant for. */
  isOwn?: true
}

/** @param ownToken what the server's own runner comes with */
export function rateCallerOf(request: FastifyRequest, ownToken?: string): RateCaller {
  const token = readToken(request.headers.authorization)
  if (token === undefined) return { key: hash(`address ${request.ip}`), isAnonymous: true }
  const key = hash(token)
  const isOwn = ownToken !== undefined && key === hash(ownToken)
  return { key, isAnonymous: false, ...(isOwn ? { isOwn } : {}) }
}

/** A portal or a hook: it has no token, and signs what it sends from where it is. */
export function integrationCallerOf(request: FastifyRequest): RateCaller {
  return { key: hash(`integration ${request.ip}`), isAnonymous: false }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
