import { type Caller, ErrandError } from '@errand/contract'
import type { WebhookTarget } from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import { requireRepository } from '../../auth/repository.ts'
import type { ServerContext } from '../../context.ts'
import type { Urls } from '../../present/urls.ts'

/** Whose webhooks a request is about, and where they are found. */
export interface Target extends WebhookTarget {
  /** Of the list. */
  url: string
  /** What a ping says of it. */
  about: object
}

export interface TargetCall {
  caller: Caller
  params: { owner: string; repo: string } | { org: string }
  urls: Urls
}

/**
 * The repository or organization whose webhooks the caller may see and change: as its administrator. To
 * everybody else they are not there, as on GitHub.
 *
 * @throws ErrandError not_found; RepositoryMoved
 */
export async function requireTarget(
  context: ServerContext,
  { caller, params, urls }: TargetCall,
  level: 'read' | 'write',
): Promise<Target> {
  if ('org' in params) {
    const { id, login } = await requireOrganization(context, caller, params.org)
    const organization = { id, login }
    return {
      type: 'organization',
      id,
      owner: organization,
      url: `${urls.api}/orgs/${login}/hooks`,
      about: { organization },
    }
  }
  const found = await requireRepository(context, caller, params, 'read', 'repository_hooks')
  if (level === 'write') {
    await requireRepository(context, caller, params, 'write', 'repository_hooks').catch(hidden)
  }
  if (found.permission !== 'admin') throw new ErrandError('not_found')
  const { id, full_name: fullName, owner } = found
  return {
    type: 'repository',
    id,
    owner,
    repository: { id, full_name: fullName },
    url: `${urls.api}/repos/${fullName}/hooks`,
    about: { repository: { id, name: fullName.split('/')[1], full_name: fullName, owner } },
  }
}

/** Who may not change a repository is not told more than who may not administer it. */
function hidden(error: unknown): never {
  if (error instanceof ErrandError && error.errorName === 'forbidden') {
    throw new ErrandError('not_found', { cause: error })
  }
  throw error
}
