import type { Caller } from '@errand/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireTokenPermission } from '../auth/permissions.ts'
import type { ServerContext } from '../context.ts'
import type { SignIn, SignIns } from './sign-in.ts'

/** Somebody who is signed in, and whose token is still good. */
export interface SignedIn {
  signIn: SignIn
  caller: Caller
}

/**
 * Who looks at a page; undefined when they have to sign in first.
 *
 * @throws ErrandError 403 when their token may not read tasks, as in the API.
 */
export async function findSignedIn(
  context: ServerContext,
  signIns: SignIns,
  request: FastifyRequest,
): Promise<SignedIn | undefined> {
  const signIn = signIns.find(request)
  // The token may have been revoked, or have expired, since.
  const caller = signIn && (await context.forge.authenticate(signIn.token))
  if (signIn === undefined || caller === undefined) return undefined
  requireTokenPermission(context.settings, caller, 'read')
  return { signIn, caller }
}

/** To the sign-in page, and back here after it. */
export function sendToSignIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.redirect(`/login?return_to=${encodeURIComponent(request.url)}`, 303)
}
