import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { findAccount, setMember } from '../identity/accounts.ts'
import { requireOrganizationPermission } from '../identity/permissions.ts'
import { presentAccount } from '../present/account.ts'
import type { Account } from '../records/records.ts'
import { readBody } from './body.ts'
import { requireCaller, urlsOf } from './request.ts'

const Membership = z.object({ role: z.enum(['member', 'admin']).default('member') })

interface MembershipRoute {
  Params: { org: string; username: string }
}

const path = '/orgs/:org/memberships/:username'

/** Who belongs to an organization. Nobody is asked first, as GitHub does: the forge sends no mail. */
export function membershipRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<MembershipRoute>(path, async (request) => {
    const caller = requireCaller(request)
    const organization = requireOrganization(context, request.params.org)
    const isOwn = organization.members[caller.user.id] !== undefined
    // Who belongs to it is told to those who do.
    if (!isOwn && !caller.isSiteAdmin) throw new ErrandError('not_found')
    requireOrganizationPermission(caller, 'read')
    return present(organization, requireUser(context, request.params.username))
  })

  app.put<MembershipRoute>(path, async (request) => {
    const { organization, user } = requireChange(context, request)
    const { role } = readBody(Membership, request.body, 'Membership')
    const changed = await setMember(context.records, organization, user.id, role, (account) => {
      if (role === 'member') requireAnotherAdmin(account, user)
    })
    return present(changed, user)
  })

  app.delete<MembershipRoute>(path, async (request, reply) => {
    const { organization, user } = requireChange(context, request)
    if (organization.members[user.id] === undefined) throw new ErrandError('not_found')
    await setMember(context.records, organization, user.id, undefined, (account) =>
      requireAnotherAdmin(account, user),
    )
    return await reply.code(204).send()
  })

  function present(organization: Account, user: Account) {
    const role = organization.members[user.id]
    if (role === undefined) throw new ErrandError('not_found')
    const urls = urlsOf(context, app.prefix)
    const url = `${urls.api}/orgs/${organization.login}`
    return {
      url: `${url}/memberships/${user.login}`,
      state: 'active',
      role,
      organization_url: url,
      organization: presentAccount(organization, urls),
      user: presentAccount(user, urls),
    }
  }
}

/** @throws ErrandError 403 for whoever does not own the organization, 404 for whom there is none */
function requireChange(context: ForgeContext, request: FastifyRequest<MembershipRoute>) {
  const caller = requireCaller(request)
  const organization = requireOrganization(context, request.params.org)
  requireOrganizationAdmin(organization, caller)
  requireOrganizationPermission(caller, 'write')
  return { organization, user: requireUser(context, request.params.username) }
}

function requireOrganization({ records }: ForgeContext, login: string): Account {
  const account = findAccount(records, login)
  if (account?.type !== 'Organization') throw new ErrandError('not_found')
  return account
}

function requireUser({ records }: ForgeContext, login: string): Account {
  const account = findAccount(records, login)
  if (account?.type !== 'User') throw new ErrandError('not_found')
  return account
}

function requireOrganizationAdmin(organization: Account, caller: Caller): void {
  if (caller.isSiteAdmin || organization.members[caller.user.id] === 'admin') return
  throw new ErrandError('forbidden', {
    message: `You must be an admin of ${organization.login} to change who belongs to it.`,
  })
}

/** An organization without an admin would be nobody's to look after. */
function requireAnotherAdmin(organization: Account, user: Account): void {
  const { [user.id]: role, ...others } = organization.members
  if (role !== 'admin' || Object.values(others).includes('admin')) return
  throw new ErrandError('forbidden', {
    message: `${user.login} is the last admin of ${organization.login}: make another one first.`,
  })
}
