import { type Caller, ErrandError, type OrganizationAccess } from '@errand/contract'
import { Membership } from './answers.ts'
import { parseAnswer, segment, type Upstream } from './upstream.ts'

/** What a caller is in an organization, by their own membership; nothing to who is no user. */
export async function findOrganization(
  upstream: Upstream,
  caller: Caller,
  login: string,
): Promise<OrganizationAccess | undefined> {
  if (caller.onlyRepositoryId !== undefined) return undefined
  const path = `/orgs/${segment(login)}/memberships/${segment(caller.user.login)}`
  const answer = await upstream.look(caller.secret, path)
  if (answer.status === 401) throw new ErrandError('bad_credentials')
  if (answer.status !== 200) return undefined
  const { state, role, organization } = parseAnswer(answer.text, Membership)
  return state === 'active' ? { ...organization, role } : undefined
}
