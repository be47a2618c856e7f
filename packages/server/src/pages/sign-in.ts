import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

const cookieName = 'errand_session'
const lifetimeMs = 8 * 3_600_000

/** A person signed in to the pages. */
export interface SignIn {
  token: string
  login: string
  /** Goes into every form, so that no other site can send one. */
  formToken: string
  expiresAt: number
}

export interface SignIns {
  open(
    request: FastifyRequest,
    reply: FastifyReply,
    isHttps: boolean,
    who: { token: string; login: string },
  ): void
  find(request: FastifyRequest): SignIn | undefined
  close(request: FastifyRequest, reply: FastifyReply): void
}

/**
 * Who is signed in to the pages. The cookie holds a random id, whose hash finds the sign-in in
 * memory: no token is written to a disk, and a restart signs everybody out.
 */
export function createSignIns(clock: () => number = Date.now): SignIns {
  const signIns = new Map<string, SignIn>()

  function find(request: FastifyRequest): SignIn | undefined {
    const id = request.cookies[cookieName]
    if (id === undefined) return undefined
    const signIn = signIns.get(hash(id))
    if (signIn !== undefined && signIn.expiresAt > clock()) return signIn
    signIns.delete(hash(id))
    return undefined
  }

  return {
    find,
    open(request, reply, isHttps, who) {
      const earlier = request.cookies[cookieName]
      if (earlier !== undefined) signIns.delete(hash(earlier))
      for (const [id, signIn] of signIns) if (signIn.expiresAt <= clock()) signIns.delete(id)
      const id = randomBytes(32).toString('base64url')
      const formToken = randomBytes(32).toString('base64url')
      signIns.set(hash(id), { ...who, formToken, expiresAt: clock() + lifetimeMs })
      void reply.setCookie(cookieName, id, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure: isHttps,
        maxAge: lifetimeMs / 1000,
      })
    },
    close(request, reply) {
      const id = request.cookies[cookieName]
      if (id !== undefined) signIns.delete(hash(id))
      void reply.clearCookie(cookieName, { path: '/' })
    },
  }
}

/** Whether a form carries the sign-in's own token, compared in constant time. */
export function isOwnForm(signIn: SignIn, given: unknown): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [hash(signIn.formToken), hash(given)]
  return timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
