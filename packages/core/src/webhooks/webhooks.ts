import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { WebhookRow } from '../store/schema.ts'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** What a webhook belongs to. */
export interface WebhookTarget {
  type: 'repository' | 'organization'
  id: number
}

export interface NewWebhook {
  target: WebhookTarget
  url: string
  content_type: 'json' | 'form'
  insecure_ssl: boolean
  events: string[]
  active: boolean
  /** Seals the secret for the place it is told. Absent: deliveries are not signed. */
  secret?: (about: string) => string
}

/** What the sealed secret of a webhook is bound to: moved to another row it does not open. */
export function placeOfSecret(sealId: string): string {
  return `webhooks/${sealId}/secret`
}

export async function createWebhook(store: Store, hook: NewWebhook): Promise<WebhookRow> {
  const sealId = randomUUID()
  const secret = hook.secret?.(placeOfSecret(sealId)) ?? null
  const inserted = await patiently(() =>
    sql<WebhookRow>`
      insert into webhooks (seal_id, target_type, target_id, url, content_type, insecure_ssl, secret,
        events, active, created_at, updated_at)
      select ${sealId}::uuid, ${hook.target.type}::text, ${hook.target.id}::bigint, ${hook.url}::text,
        ${hook.content_type}::text, ${hook.insecure_ssl}::boolean, ${secret}::text,
        ${JSON.stringify(hook.events)}::jsonb, ${hook.active}::boolean, clock.time, clock.time
      from (select ${now(store)} as time) as clock
      -- Asked again after a lost connection: the first may have been stored.
      on conflict (seal_id) do update set seal_id = excluded.seal_id
      returning *`.execute(store.db),
  )
  // An insert that conflicts updates, so there is always one row.
  return inserted.rows[0]!
}

/** Those of a target, oldest first. */
export async function listWebhooks(store: Store, target: WebhookTarget): Promise<WebhookRow[]> {
  return await patiently(() =>
    store.db
      .selectFrom('webhooks')
      .selectAll()
      .where('target_type', '=', target.type)
      .where('target_id', '=', target.id)
      .orderBy('id')
      .execute(),
  )
}

/** One of a target; another target's is not there. */
export async function findWebhook(
  store: Store,
  target: WebhookTarget,
  id: number,
): Promise<WebhookRow | undefined> {
  const hooks = await listWebhooks(store, target)
  return hooks.find((hook) => hook.id === id)
}

/** Deletes a webhook with all that it was told. Whether it was there. */
export async function deleteWebhook(
  store: Store,
  target: WebhookTarget,
  id: number,
): Promise<boolean> {
  const deleted = await patiently(() =>
    store.db
      .deleteFrom('webhooks')
      .where('target_type', '=', target.type)
      .where('target_id', '=', target.id)
      .where('id', '=', id)
      .returning('id')
      .execute(),
  )
  return deleted.length > 0
}

/** The webhook a delivery is for; undefined when it was deleted. */
export async function webhookOf(
  store: Store,
  delivery: { webhook_id: number },
): Promise<WebhookRow | undefined> {
  return await patiently(() =>
    store.db
      .selectFrom('webhooks')
      .selectAll()
      .where('id', '=', delivery.webhook_id)
      .executeTakeFirst(),
  )
}
