import { ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { findAccount } from '../identity/accounts.ts'
import { requireGrant, requireMaker, requireSiteAdmin } from '../identity/grants.ts'
import { issueToken } from '../identity/tokens.ts'
import { presentToken } from '../present/token.ts'
import type { Account, Token } from '../records/records.ts'
import { readBody, readInput } from './body.ts'
import { requireCaller, sendPage } from './request.ts'

const NewToken = z.object({
  kind: z
    .enum(['classic', 'fine_grained', 'oauth', 'user_to_server', 'installation'])
    .default('fine_grained'),
  name: z
    .string()
    .regex(/^[^\p{Cc}]{1,100}$/u, 'must be 1 to 100 characters in one line')
    .optional(),
  scopes: z.array(z.string()).max(50).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
  repositories: z.array(z.string()).min(1).max(500).optional(),
  expires_at: z.string().optional(),
})

const TokenFilter = z.object({ user: z.string().optional() })

/**
 * Tokens: made, listed, revoked, which GitHub has pages for. One's own under `/user/tokens`; anybody's for
 * site administrators, where GitHub Enterprise Server has them, `/admin/tokens`.
 */
export function tokenRoutes(app: FastifyInstance, context: ForgeContext): void {
  const { records } = context

  app.post('/user/tokens', async (request, reply) => {
    const user = records.accounts.get(String(requireCaller(request).user.id))
    if (user === undefined) throw new ErrandError('not_found')
    return await makeToken(context, user, request, reply)
  })
  app.post<{ Params: { username: string } }>(
    '/admin/users/:username/tokens',
    async (request, reply) => {
      const caller = requireCaller(request)
      requireSiteAdmin(caller)
      const user = findAccount(records, request.params.username)
      if (user === undefined) throw new ErrandError('not_found')
      return await makeToken(context, user, request, reply)
    },
  )

  app.get('/user/tokens', async (request, reply) => {
    const caller = requireCaller(request)
    requireMaker(caller)
    const tokens = tokensOf(context, caller.user.id)
    return sendPage(context, request, reply, tokens).map((token) => presentToken(records, token))
  })
  app.get('/admin/tokens', async (request, reply) => {
    requireSiteAdmin(requireCaller(request))
    const { user: login } = readInput(TokenFilter, request.query, 'Token')
    const user = login === undefined ? undefined : findAccount(records, login)
    if (login !== undefined && user === undefined) throw new ErrandError('not_found')
    const tokens = tokensOf(context, user?.id)
    return sendPage(context, request, reply, tokens).map((token) => presentToken(records, token))
  })

  app.delete<{ Params: { id: string } }>('/user/tokens/:id', async (request, reply) => {
    const caller = requireCaller(request)
    requireMaker(caller)
    return await revoke(context, tokensOf(context, caller.user.id), request, reply)
  })
  app.delete<{ Params: { id: string } }>('/admin/tokens/:id', async (request, reply) => {
    requireSiteAdmin(requireCaller(request))
    return await revoke(context, tokensOf(context, undefined), request, reply)
  })
}

/** The oldest first; of one user, or of all. The bot's is the server's own business. */
function tokensOf({ records }: ForgeContext, userId: number | undefined): Token[] {
  return records.tokens
    .values()
    .filter((token) => userId === undefined || token.user_id === userId)
    .filter((token) => records.accounts.get(String(token.user_id))?.type === 'User')
    .toSorted((one, other) => one.id - other.id)
}

async function makeToken(
  context: ForgeContext,
  user: Account,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = requireCaller(request)
  // What the token may not do at all is refused before its body is looked at.
  requireMaker(caller)
  const { name, ...wanted } = readBody(NewToken, request.body, 'Token')
  const grant = requireGrant(context.records, caller, user, wanted)
  const { secret, token } = await issueToken(context.records, {
    ...grant,
    ...(name === undefined ? {} : { name }),
  })
  context.log.info({ tokenId: token.id, kind: token.kind, user: user.login }, 'token made')
  return await reply
    .code(201)
    .header('cache-control', 'no-store')
    .send({ ...presentToken(context.records, token), token: secret })
}

async function revoke(
  context: ForgeContext,
  among: Token[],
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const token = among.find(({ id }) => String(id) === request.params.id)
  if (token === undefined) throw new ErrandError('not_found')
  await context.records.tokens.delete(token.hash)
  context.log.info({ tokenId: token.id, userId: token.user_id }, 'token revoked')
  return await reply.code(204).send()
}
