import { type agentValueRoutes, ErrandError } from '@errand/contract'
import * as core from '@errand/core'
import { actorOf } from '../../auth/actor.ts'
import { linkHeaderOf } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'
import { presentReach, presentVariable } from '../../present/agent-value.ts'
import type { Urls } from '../../present/urls.ts'
import { requireReachable, requireTarget, requireValuesOf } from './target.ts'

type Routes = typeof agentValueRoutes

/** `GET .../agents/variables` */
export const list: Handler<
  Routes['listRepositoryVariables'] | Routes['listOrganizationVariables']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'variable', 'read')
  const { total, rows } = await core.listValues(context.store, target, call.query)
  return {
    status: 200,
    body: { total_count: total, variables: rows.map((row) => present(row, target, call.urls)) },
    headers: { link: linkHeaderOf(call.url, call.query, total) },
  }
}

/** `GET /repos/{owner}/{repo}/agents/organization-variables` */
export const listFromOrganization: Handler<Routes['listOrganizationVariablesForRepo']> = async (
  context,
  { caller, params, query, url },
) => {
  const repository = await requireValuesOf(context, caller, params, 'variable', 'read')
  const found = await core.listValuesFromOrganization(context.store, 'variable', repository, query)
  return {
    status: 200,
    body: { total_count: found.total, variables: found.rows.map(presentVariable) },
    headers: { link: linkHeaderOf(url, query, found.total) },
  }
}

/** `GET .../agents/variables/{name}` */
export const get: Handler<
  Routes['getRepositoryVariable'] | Routes['getOrganizationVariable']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'variable', 'read')
  const row = await core.findValue(context.store, target, call.params.name)
  if (row === undefined) throw new ErrandError('not_found')
  return { status: 200, body: present(row, target, call.urls) }
}

/** `POST .../agents/variables` */
export const create: Handler<
  Routes['createRepositoryVariable'] | Routes['createOrganizationVariable']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'variable', 'write')
  const { name, value } = call.body
  const fields = { value: () => value, ...reachOf(call.body) }
  await requireReachable(context, call.caller, target.owner, fields.selected ?? [])
  await core.createValue(context.store, target, name, fields, actorOf(call.caller))
  return { status: 201, body: {} }
}

/** `PATCH .../agents/variables/{name}` */
export const update: Handler<
  Routes['updateRepositoryVariable'] | Routes['updateOrganizationVariable']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'variable', 'write')
  const { name, value } = call.body
  const reach = reachOf(call.body)
  await requireReachable(context, call.caller, target.owner, reach.selected ?? [])
  const fields = {
    ...(name === undefined ? {} : { name }),
    ...(value === undefined ? {} : { value: () => value }),
    ...reach,
  }
  await core.updateValue(context.store, target, call.params.name, fields, actorOf(call.caller))
  return { status: 204, body: '' }
}

/** `DELETE .../agents/variables/{name}` */
export const remove: Handler<
  Routes['deleteRepositoryVariable'] | Routes['deleteOrganizationVariable']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'variable', 'write')
  const { name } = call.params
  const wasThere = await core.deleteValue(context.store, target, name, actorOf(call.caller))
  if (!wasThere) throw new ErrandError('not_found')
  return { status: 204, body: '' }
}

/** What is said of an organization's alone. */
function reachOf(body: object): Pick<Partial<core.ValueFields>, 'visibility' | 'selected'> {
  const { visibility, selected_repository_ids: selected } = body as {
    visibility?: core.ValueFields['visibility']
    selected_repository_ids?: number[]
  }
  return {
    ...(visibility === undefined ? {} : { visibility }),
    ...(selected === undefined ? {} : { selected }),
  }
}

function present(row: core.AgentValueRow, { type, owner }: core.ValueTarget, urls: Urls) {
  const variable = presentVariable(row)
  return type === 'repository' ? variable : { ...variable, ...presentReach(row, owner.login, urls) }
}
