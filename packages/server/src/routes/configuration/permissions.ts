import {
  type Caller,
  ErrandError,
  invalidField,
  type OrganizationAccess,
  type routes,
} from '@errand/contract'
import {
  changeSelected,
  listSelected,
  patiently,
  readOrganization,
  setAgentPermissions,
} from '@errand/core'
import { actorOf } from '../../auth/actor.ts'
import { requireOrganization } from '../../auth/organization.ts'
import type { ServerContext } from '../../context.ts'
import { linkHeaderOf } from '../../conventions/link-header.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentMinimalRepository } from '../../present/minimal-repository.ts'

/** `GET /orgs/{org}/copilot/coding-agent/permissions` */
export const getAgentPermissions: Handler<typeof routes.getAgentPermissions> = async (
  context,
  { caller, params, urls },
) => {
  const { id, login } = await requireOrganization(context, caller, params.org)
  const { enabled_repositories } = await patiently(() => readOrganization(context.store.db, id))
  const url = `${urls.api}/orgs/${login}/copilot/coding-agent/permissions/repositories`
  const isSelected = enabled_repositories === 'selected'
  return {
    status: 200,
    body: { enabled_repositories, ...(isSelected && { selected_repositories_url: url }) },
  }
}

/** `PUT /orgs/{org}/copilot/coding-agent/permissions` */
export const putAgentPermissions: Handler<typeof routes.putAgentPermissions> = async (
  context,
  { caller, params, body },
) => {
  const organization = await requireOrganization(context, caller, params.org)
  const { enabled_repositories: enabled } = body
  await setAgentPermissions(context.store, organization, actorOf(caller), enabled)
  return noContent
}

/** `GET .../permissions/repositories` */
export const listSelectedRepositories: Handler<typeof routes.listSelectedRepositories> = async (
  context,
  { caller, params, query, urls, url },
) => {
  const { id } = await requireOrganization(context, caller, params.org)
  const ids = await listSelected(context.store, id)
  const { page, per_page } = query
  const shown = ids.slice((page - 1) * per_page, page * per_page)
  const found = await Promise.all(shown.map((one) => context.forge.repositoryById(caller, one)))
  const repositories = found
    .filter((repository) => repository !== undefined)
    .map((repository) => presentMinimalRepository(repository, urls))
  return {
    status: 200,
    body: { total_count: ids.length, repositories },
    headers: { link: linkHeaderOf(url, query, ids.length) },
  }
}

/** `PUT .../permissions/repositories` */
export const setSelectedRepositories: Handler<typeof routes.setSelectedRepositories> = async (
  context,
  { caller, params, body },
) => {
  const organization = await requireOrganization(context, caller, params.org)
  const ids = body.selected_repository_ids
  for (const id of new Set(ids)) {
    if (await belongsTo(context, caller, organization, id)) continue
    const message = `selected_repository_ids: ${id} is no repository of ${organization.login}`
    throw invalidField('selected_repository_ids', message, 'Organization')
  }
  await changeSelected(context.store, organization, actorOf(caller), () => ids)
  return noContent
}

/** `PUT .../permissions/repositories/{repository_id}` */
export const selectRepository: Handler<typeof routes.selectRepository> = async (
  context,
  { caller, params },
) => {
  const organization = await requireOrganization(context, caller, params.org)
  const { repository_id: id } = params
  if (!(await belongsTo(context, caller, organization, id))) throw new ErrandError('not_found')
  await changeSelected(context.store, organization, actorOf(caller), (ids) => [...ids, id])
  return noContent
}

/** `DELETE .../permissions/repositories/{repository_id}` */
export const unselectRepository: Handler<typeof routes.unselectRepository> = async (
  context,
  { caller, params },
) => {
  const organization = await requireOrganization(context, caller, params.org)
  const { repository_id: id } = params
  await changeSelected(context.store, organization, actorOf(caller), (ids) =>
    ids.filter((one) => one !== id),
  )
  return noContent
}

const noContent: Answer = { status: 204, body: '' }

async function belongsTo(
  context: ServerContext,
  caller: Caller,
  organization: OrganizationAccess,
  id: number,
): Promise<boolean> {
  const repository = await context.forge.repositoryById(caller, id)
  return repository?.owner.id === organization.id
}
