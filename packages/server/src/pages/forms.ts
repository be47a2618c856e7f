import { ErrandError } from '@errand/contract'
import type { FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { isOwnForm, type SignIn, type SignIns } from './sign-in.ts'

/** The texts of a form; a field sent twice is none. */
export function readForm(request: FastifyRequest): Record<string, string | undefined> {
  const body: unknown = request.body
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(
    Object.entries(body).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}

/**
 * Who sends the form of a page: only one that we gave to this very sign-in changes anything.
 *
 * @throws ErrandError forbidden
 */
export function requireOwnForm(
  context: ServerContext,
  signIns: SignIns,
  request: FastifyRequest,
): SignIn {
  requireOwnOrigin(context, request)
  const signIn = signIns.find(request)
  if (signIn !== undefined && isOwnForm(signIn, readForm(request)['form_token'])) return signIn
  throw new ErrandError('forbidden', {
    message: 'This form is no longer valid. Go back, load the page again, and send it once more.',
  })
}

/**
 * Refuses what a browser says another site has sent; the sign-in form, which no token can guard, needs
 * this most. Clients that are no browsers say nothing of it.
 *
 * @throws ErrandError forbidden
 */
export function requireOwnOrigin(context: ServerContext, request: FastifyRequest): void {
  const { 'sec-fetch-site': site, origin, host } = request.headers
  const isOwn =
    site === undefined
      ? origin === undefined || [host, new URL(context.publicUrl()).host].includes(hostOf(origin))
      : site === 'same-origin' || site === 'none'
  if (!isOwn) {
    throw new ErrandError('forbidden', { message: 'This form was sent by another site.' })
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
