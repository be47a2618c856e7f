import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { readForm, requireOwnForm, requireOwnOrigin } from './forms.ts'
import { sendPage } from './layout.ts'
import { returnTo } from './return-to.ts'
import { signInPage } from './sign-in-page.ts'
import type { SignIns } from './sign-in.ts'

/** Signing in with a token, and out. */
export function signInRoutes(app: FastifyInstance, context: ServerContext, signIns: SignIns): void {
  app.get('/login', async (request, reply) =>
    sendPage(reply, { title: 'Sign in', body: signInPage(returnTo(request.query)) }),
  )
  app.post('/login', async (request, reply) => await signIn(context, signIns, request, reply))
  app.post('/logout', async (request, reply) => {
    requireOwnForm(context, signIns, request)
    signIns.close(request, reply)
    return reply.redirect('/login', 303)
  })
}

async function signIn(
  context: ServerContext,
  signIns: SignIns,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireOwnOrigin(context, request)
  const form = readForm(request)
  const token = form['token']?.trim() ?? ''
  const caller = token === '' ? undefined : await context.forge.authenticate(token)
  if (caller === undefined) {
    const problem = 'This token is not known. Check that it is whole and has not expired.'
    const body = signInPage(returnTo(form), problem)
    return sendPage(reply, { title: 'Sign in', body, status: 401 })
  }
  const isHttps = context.publicUrl().startsWith('https:')
  signIns.open(request, reply, isHttps, { token, login: caller.user.login })
  return reply.redirect(returnTo(form), 303)
}
