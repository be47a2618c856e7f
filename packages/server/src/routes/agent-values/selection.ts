import { type agentValueRoutes, ErrandError } from '@errand/contract'
import { changeSelectedOf, listSelectedOf, type ValueKind } from '@errand/core'
import { actorOf } from '../../auth/actor.ts'
import { visibleRepositories } from '../../auth/repository.ts'
import { linkHeaderOf } from '../../conventions/link-header.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentMinimalRepository } from '../../present/minimal-repository.ts'
import { isReachable, requireReachable, requireTarget } from './target.ts'

// Which repositories an organization's secret or variable is for: the same operations of both.

type Routes = typeof agentValueRoutes
type List = Routes['listRepositoriesForSecret'] | Routes['listRepositoriesForVariable']
type Set = Routes['setRepositoriesForSecret'] | Routes['setRepositoriesForVariable']
type Add = Routes['addRepositoryToSecret'] | Routes['addRepositoryToVariable']
type Remove = Routes['removeRepositoryFromSecret'] | Routes['removeRepositoryFromVariable']

/** `GET .../repositories` */
export const list: Handler<List> = async (context, call) => {
  const { kind, name } = meantBy(call.params)
  const target = await requireTarget(context, call, kind, 'read')
  const ids = await listSelectedOf(context.store, target, name)
  const { page, per_page } = call.query
  const shown = ids.slice((page - 1) * per_page, page * per_page)
  const found = await visibleRepositories(context, call.caller, shown)
  const repositories = [...found.values()].map((one) => presentMinimalRepository(one, call.urls))
  return {
    status: 200,
    body: { total_count: ids.length, repositories },
    headers: { link: linkHeaderOf(call.url, call.query, ids.length) },
  }
}

/** `PUT .../repositories` */
export const set: Handler<Set> = async (context, call) => {
  const { kind, name } = meantBy(call.params)
  const target = await requireTarget(context, call, kind, 'write')
  const ids = call.body.selected_repository_ids
  await requireReachable(context, call.caller, target.owner, ids)
  await changeSelectedOf(context.store, target, name, actorOf(call.caller), () => ids)
  return noContent
}

/** `PUT .../repositories/{repository_id}` */
export const add: Handler<Add> = async (context, call) => {
  const { kind, name } = meantBy(call.params)
  const target = await requireTarget(context, call, kind, 'write')
  const { repository_id: id } = call.params
  const isThere = await isReachable(context, call.caller, target.owner.id, id)
  if (!isThere) throw new ErrandError('not_found')
  const actor = actorOf(call.caller)
  await changeSelectedOf(context.store, target, name, actor, (ids) => [...ids, id])
  return noContent
}

/** `DELETE .../repositories/{repository_id}` */
export const remove: Handler<Remove> = async (context, call) => {
  const { kind, name } = meantBy(call.params)
  const target = await requireTarget(context, call, kind, 'write')
  const { repository_id: id } = call.params
  await changeSelectedOf(context.store, target, name, actorOf(call.caller), (ids) =>
    ids.filter((one) => one !== id),
  )
  return noContent
}

const noContent: Answer = { status: 204, body: '' }

/** GitHub's paths call the name of a secret `secret_name`, and that of a variable `name`. */
function meantBy(params: { secret_name: string } | { name: string }): {
  kind: ValueKind
  name: string
} {
  return 'secret_name' in params
    ? { kind: 'secret', name: params.secret_name }
    : { kind: 'variable', name: params.name }
}
