import { ErrandError, type webhookRoutes } from '@errand/contract'
import * as core from '@errand/core'
import type { Handler } from '../../handler.ts'
import { presentDelivery, presentDeliveryItem } from '../../present/webhook.ts'
import type { ServerContext } from '../../context.ts'
import { requireTarget, type TargetCall } from './target.ts'
import { requireHook } from './webhooks.ts'

type Routes = typeof webhookRoutes

/** `GET .../deliveries`: the latest first, by cursor as on GitHub. */
export const listDeliveries: Handler<
  Routes['listRepositoryWebhookDeliveries'] | Routes['listOrganizationWebhookDeliveries']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'read')
  const hook = await requireHook(context, target, call.params.hook_id)
  const { per_page: perPage, cursor } = call.query
  const found = await core.listDeliveries(context.store, hook.id, {
    // One more than is shown tells whether there are more.
    limit: perPage + 1,
    ...(cursor === undefined ? {} : { before: Number(cursor) }),
  })
  const shown = found.slice(0, perPage)
  const last = shown.at(-1)
  const next = new URL(call.url)
  if (last !== undefined) next.searchParams.set('cursor', String(last.id))
  return {
    status: 200,
    body: shown.map(presentDeliveryItem),
    ...(found.length > perPage && { headers: { link: `<${next.href}>; rel="next"` } }),
  }
}

/** `GET .../deliveries/{delivery_id}` */
export const getDelivery: Handler<
  Routes['getRepositoryWebhookDelivery'] | Routes['getOrganizationWebhookDelivery']
> = async (context, call) => {
  const { delivery, hook } = await requireDelivery(context, call, 'read')
  return { status: 200, body: presentDelivery(delivery, hook.url) }
}

/** `POST .../deliveries/{delivery_id}/attempts` */
export const redeliver: Handler<
  Routes['redeliverRepositoryWebhookDelivery'] | Routes['redeliverOrganizationWebhookDelivery']
> = async (context, call) => {
  const { delivery } = await requireDelivery(context, call, 'write')
  await core.redeliver(context.store, delivery)
  return { status: 202, body: {} }
}

async function requireDelivery(
  context: ServerContext,
  call: TargetCall & { params: { hook_id: number; delivery_id: number } },
  level: 'read' | 'write',
) {
  const target = await requireTarget(context, call, level)
  const hook = await requireHook(context, target, call.params.hook_id)
  const delivery = await core.findDelivery(context.store, hook.id, call.params.delivery_id)
  if (delivery === undefined) throw new ErrandError('not_found')
  return { delivery, hook }
}
