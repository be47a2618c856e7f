import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { createAccount, findAccount } from '../identity/accounts.ts'
import { requireSiteAdmin } from '../identity/grants.ts'
import { presentAccount, presentPublicUser } from '../present/account.ts'
import type { Account } from '../records/records.ts'
import { readBody } from './body.ts'
import { requireCaller, urlsOf } from './request.ts'

const NewUser = z.object({ login: z.string(), site_admin: z.boolean().default(false) })
const NewOrganization = z.object({ login: z.string(), admin: z.string().optional() })

/** `/user`, `/user/{id}`, `/users/{username}`, `/admin/users`, `/admin/organizations`, `/meta`. */
export function userRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get('/user', async (request) => {
    const caller = requireCaller(request)
    // It is nobody's: GitHub has no user to show either.
    if (caller.token.kind === 'installation') throw new ErrandError('integration_not_accessible')
    const account = context.records.accounts.get(String(caller.user.id))
    if (account === undefined) throw new ErrandError('not_found')
    return presentPublicUser(account, urlsOf(context, app.prefix), countPublic(context, account))
  })

  // Who somebody is by id, which stays when the login changes.
  app.get<{ Params: { id: string } }>('/user/:id', async (request) => {
    requireCaller(request)
    const account = context.records.accounts.get(request.params.id)
    if (account === undefined) throw new ErrandError('not_found')
    return presentPublicUser(account, urlsOf(context, app.prefix), countPublic(context, account))
  })

  app.get<{ Params: { username: string } }>('/users/:username', async (request) => {
    const account = findAccount(context.records, request.params.username)
    if (account === undefined) throw new ErrandError('not_found')
    return presentPublicUser(account, urlsOf(context, app.prefix), countPublic(context, account))
  })

  // As GitHub Enterprise Server has them, for site administrators.
  app.post('/admin/users', async (request, reply) => {
    requireSiteAdmin(requireCaller(request))
    const { login, site_admin } = readBody(NewUser, request.body, 'User')
    const account = await createAccount(context.records, { login, type: 'User', site_admin })
    context.log.info({ user: login, siteAdmin: site_admin }, 'user made')
    return await reply.code(201).send(presentAccount(account, urlsOf(context, app.prefix)))
  })
  app.post('/admin/organizations', async (request, reply) => {
    const caller = requireCaller(request)
    requireSiteAdmin(caller)
    const { login, admin } = readBody(NewOrganization, request.body, 'Organization')
    const owner = findAccount(context.records, admin ?? caller.user.login)
    if (owner?.type !== 'User') {
      throw invalidField('admin', `admin: there is no user ${admin}`, 'Organization')
    }
    const account = await createAccount(context.records, {
      login,
      type: 'Organization',
      admins: [owner.id],
    })
    return await reply.code(201).send(presentAccount(account, urlsOf(context, app.prefix)))
  })

  app.get('/meta', async () => ({ verifiable_password_authentication: false }))
}

function countPublic(context: ForgeContext, account: Account): number {
  const all = context.records.repositories.values()
  return all.filter((item) => item.owner_id === account.id && !item.private).length
}
