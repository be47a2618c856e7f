import type { WebhookDeliveryRow } from '../store/schema.ts'
import { notify, now, type Store } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { requireHook } from './queue-deliveries.ts'

/** What a webhook was told, the latest first; what was not tried yet is not there. */
export async function listDeliveries(
  store: Store,
  webhookId: number,
  page: { limit: number; before?: number },
): Promise<WebhookDeliveryRow[]> {
  const { limit, before } = page
  return await patiently(() =>
    store.db
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('delivered_at', 'is not', null)
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute(),
  )
}

export async function findDelivery(
  store: Store,
  webhookId: number,
  id: number,
): Promise<WebhookDeliveryRow | undefined> {
  return await patiently(() =>
    store.db
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('id', '=', id)
      .where('delivered_at', 'is not', null)
      .executeTakeFirst(),
  )
}

/** Has the same thing told again, under the same GUID, as a delivery of its own. */
export async function redeliver(store: Store, delivery: WebhookDeliveryRow): Promise<void> {
  const { webhook_id, guid, event, action, task_id, session_id, repository_id, request } = delivery
  // What was said the first time, also of a task that has moved on since.
  const payload = payloadOf(request)
  await transact(store, async (tx) => {
    await requireHook(tx, webhook_id)
    await tx
      .insertInto('webhook_deliveries')
      .values({
        webhook_id,
        guid,
        event,
        action,
        task_id,
        session_id,
        repository_id,
        payload: JSON.stringify(payload),
        redelivery: true,
        created_at: now(store),
        next_at: now(store),
      })
      .execute()
    notify(tx, 'queue')
  })
}

function payloadOf(request: unknown): unknown {
  // Written by noteDelivery.
  return (request as { payload: unknown } | null)?.payload ?? null
}
