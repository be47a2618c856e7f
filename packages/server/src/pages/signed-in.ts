import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import type { SignIn } from './sign-in.ts'

/** @throws ErrandError bad_credentials when the token behind a sign-in was revoked meanwhile. */
export async function requireCaller(context: ServerContext, who: SignIn): Promise<Caller> {
  const caller = await context.forge.authenticate(who.token)
  if (caller === undefined) throw new ErrandError('bad_credentials')
  return caller
}

/** To the sign-in page, and back here after it. */
export function sendToSignIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.redirect(`/login?return_to=${encodeURIComponent(request.url)}`, 303)
}
