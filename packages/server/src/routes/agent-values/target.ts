import {
  type Caller,
  ErrandError,
  invalidField,
  type OrganizationAccess,
  type RepositoryAccess,
} from '@errand/contract'
import type { ValueKind, ValueTarget } from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import { requireRepository, visibleRepositories } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'

export interface TargetCall {
  caller: Caller
  params: { owner: string; repo: string } | { org: string }
}

/**
 * The repository or organization whose secrets or variables a caller may see, and for `write` change. Who writes
 * to a repository sees what its agents are given, by name, as of its configuration; its administrators change it.
 * An organization's are for its owners.
 *
 * @throws ErrandError not_found; forbidden; RepositoryMoved
 */
export async function requireTarget(
  context: ServerContext,
  { caller, params }: TargetCall,
  kind: ValueKind,
  level: 'read' | 'write',
): Promise<ValueTarget> {
  if ('org' in params) {
    const { id, login } = await requireOrganization(context, caller, params.org)
    return { kind, type: 'organization', id, owner: { id, login } }
  }
  const { id, full_name, owner } = await requireValuesOf(context, caller, params, kind, level)
  return { kind, type: 'repository', id, owner, repository: { id, full_name } }
}

/** The same of a repository, as the forge says it is. */
export async function requireValuesOf(
  context: ServerContext,
  caller: Caller,
  name: { owner: string; repo: string },
  kind: ValueKind,
  level: 'read' | 'write',
): Promise<RepositoryAccess> {
  const repository = await requireRepository(context, caller, name, level, `${kind}s`)
  const { permission, full_name } = repository
  if (permission === 'admin') return repository
  if (level === 'write') {
    const message = `You must be an administrator of ${full_name} for this`
    throw new ErrandError('forbidden', { message })
  }
  if (permission === 'write' || permission === 'maintain') return repository
  const message = `You need write access to ${full_name} to see its ${kind}s`
  throw new ErrandError('forbidden', { message })
}

/** Whether a repository is the organization's, and the caller's token reaches it. */
export async function isReachable(
  context: ServerContext,
  caller: Caller,
  ownerId: number,
  id: number,
): Promise<boolean> {
  const visible = await visibleRepositories(context, caller, [id])
  return visible.get(id)?.owner.id === ownerId
}

/** @throws ErrandError validation_failed for one that is not the organization's */
export async function requireReachable(
  context: ServerContext,
  caller: Caller,
  owner: Pick<OrganizationAccess, 'id' | 'login'>,
  ids: readonly number[],
): Promise<void> {
  const visible = await visibleRepositories(context, caller, [...ids])
  const strange = ids.find((id) => visible.get(id)?.owner.id !== owner.id)
  if (strange === undefined) return
  const message = `selected_repository_ids: ${strange} is no repository of ${owner.login}`
  throw invalidField('selected_repository_ids', message, 'Organization')
}
