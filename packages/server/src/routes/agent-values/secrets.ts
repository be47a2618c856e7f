import { type agentValueRoutes, ErrandError } from '@errand/contract'
import * as core from '@errand/core'
import { actorOf } from '../../auth/actor.ts'
import { requireRepository } from '../../auth/repository.ts'
import { linkHeaderOf } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'
import { presentReach, presentSecret } from '../../present/agent-value.ts'
import type { Urls } from '../../present/urls.ts'
import { requireReachable, requireTarget, requireValuesOf } from './target.ts'

type Routes = typeof agentValueRoutes

/** `GET .../agents/secrets` */
export const list: Handler<
  Routes['listRepositorySecrets'] | Routes['listOrganizationSecrets']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'secret', 'read')
  const { total, rows } = await core.listValues(context.store, target, call.query)
  return {
    status: 200,
    body: { total_count: total, secrets: rows.map((row) => present(row, target, call.urls)) },
    headers: { link: linkHeaderOf(call.url, call.query, total) },
  }
}

/** `GET /repos/{owner}/{repo}/agents/organization-secrets` */
export const listFromOrganization: Handler<Routes['listOrganizationSecretsForRepo']> = async (
  context,
  { caller, params, query, url },
) => {
  const repository = await requireValuesOf(context, caller, params, 'secret', 'read')
  const found = await core.listValuesFromOrganization(context.store, 'secret', repository, query)
  return {
    status: 200,
    body: { total_count: found.total, secrets: found.rows.map(presentSecret) },
    headers: { link: linkHeaderOf(url, query, found.total) },
  }
}

/** `GET /repos/{owner}/{repo}/agents/secrets/public-key`, for whoever may look at it (behaviour.md 2.2). */
export const getRepositoryKey: Handler<Routes['getRepositoryPublicKey']> = async (
  context,
  { caller, params },
) => {
  await requireRepository(context, caller, params, 'read', 'metadata')
  return { status: 200, body: await core.publicKeyOf(context.store, context.encryption) }
}

/** `GET /orgs/{org}/agents/secrets/public-key` */
export const getOrganizationKey: Handler<Routes['getOrganizationPublicKey']> = async (
  context,
  call,
) => {
  await requireTarget(context, call, 'secret', 'read')
  return { status: 200, body: await core.publicKeyOf(context.store, context.encryption) }
}

/** `GET .../agents/secrets/{secret_name}` */
export const get: Handler<Routes['getRepositorySecret'] | Routes['getOrganizationSecret']> = async (
  context,
  call,
) => {
  const target = await requireTarget(context, call, 'secret', 'read')
  const row = await core.findValue(context.store, target, call.params.secret_name)
  if (row === undefined) throw new ErrandError('not_found')
  return { status: 200, body: present(row, target, call.urls) }
}

/** `PUT .../agents/secrets/{secret_name}`: 201 for a new one, 204 for another value of one. */
export const put: Handler<Routes['putRepositorySecret'] | Routes['putOrganizationSecret']> = async (
  context,
  call,
) => {
  const { store, encryption } = context
  const target = await requireTarget(context, call, 'secret', 'write')
  const reach = 'visibility' in call.body ? call.body : undefined
  const selected = reach?.selected_repository_ids
  await requireReachable(context, call.caller, target.owner, selected ?? [])
  const text = await core.openSecret(store, encryption, call.body)
  const isNew = await core.putValue(
    store,
    target,
    call.params.secret_name,
    {
      value: (about) => encryption.seal(text, about),
      ...(reach === undefined ? {} : { visibility: reach.visibility }),
      ...(selected === undefined ? {} : { selected }),
    },
    actorOf(call.caller),
  )
  return isNew ? { status: 201, body: {} } : { status: 204, body: '' }
}

/** `DELETE .../agents/secrets/{secret_name}` */
export const remove: Handler<
  Routes['deleteRepositorySecret'] | Routes['deleteOrganizationSecret']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'secret', 'write')
  const { secret_name: name } = call.params
  const wasThere = await core.deleteValue(context.store, target, name, actorOf(call.caller))
  if (!wasThere) throw new ErrandError('not_found')
  return { status: 204, body: '' }
}

function present(row: core.AgentValueRow, { type, owner }: core.ValueTarget, urls: Urls) {
  const secret = presentSecret(row)
  return type === 'repository' ? secret : { ...secret, ...presentReach(row, owner.login, urls) }
}
