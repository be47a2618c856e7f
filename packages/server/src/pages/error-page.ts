import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { presentError } from '../errors.ts'
import { html } from './html.ts'
import { sendPage } from './layout.ts'
import type { SignIn } from './sign-in.ts'

/** What went wrong, in the words of the API, for a person. */
export function sendErrorPage(
  reply: FastifyReply,
  error: unknown,
  context: ServerContext,
  signIn?: SignIn,
): FastifyReply {
  const { status, body } = presentError(error, context.log, reply.request.id)
  const title = status === 404 ? 'Not found' : 'That did not work'
  const text = status === 404 ? 'There is no such page, or you may not see it.' : body.message
  const details = body.errors?.map((item) => html`<p>${item.message ?? item.code}</p>`)
  return sendPage(reply, {
    title,
    status,
    signIn,
    body: html`<h1>${title}</h1>
      <p>${text}</p>
      ${details}
      <p class="quiet">Request ${reply.request.id}</p>`,
  })
}

/** A browser asks for a page; clients of the API do not. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true
}
