import { type Caller, ErrandError, type OrganizationAccess } from '@errand/contract'
import type { ServerContext } from '../context.ts'

/**
 * An organization that the caller owns. To others it is 403 where they belong to it, and else 404.
 *
 * @throws ErrandError not_found; forbidden
 */
export async function requireOrganization(
  { forge }: ServerContext,
  caller: Caller,
  login: string,
): Promise<OrganizationAccess> {
  const isName = /^[A-Za-z0-9-]{1,39}$/.test(login)
  const organization = isName ? await forge.organization(caller, login) : undefined
  if (organization === undefined) throw new ErrandError('not_found')
  if (organization.role === 'admin') return organization
  throw new ErrandError('forbidden', {
    message: `You must be an owner of ${organization.login} for this`,
  })
}
