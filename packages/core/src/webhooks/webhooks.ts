import { randomUUID } from 'node:crypto'
import { invalidField } from '@errand/contract'
import { appendAudit } from '../audit-log/append-audit.ts'
import type { WebhookRow } from '../store/schema.ts'
import { notify, now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { requireHook } from './queue-deliveries.ts'

/** What a webhook belongs to. */
export interface WebhookTarget {
  type: 'repository' | 'organization'
  id: number
  owner: { id: number; login: string }
  /** Of a repository. */
  repository?: { id: number; full_name: string }
}

/** What somebody can say of a webhook. */
export interface WebhookFields {
  url: string
  content_type: 'json' | 'form'
  insecure_ssl: boolean
  events: string[]
  active: boolean
  /** Seals the secret for the place it is told. Null or absent: deliveries are not signed. */
  secret?: ((about: string) => string) | null
}

interface Actor {
  id: number
  login: string
}

/** As GitHub has it, for each target. */
const mostWebhooks = 20

/** What the sealed secret of a webhook is bound to: moved to another row it does not open. */
export function placeOfSecret(sealId: string): string {
  return `webhooks/${sealId}/secret`
}

/**
 * Stores a webhook, writes down who made it, and has it pinged.
 *
 * @param ping what it is told first
 * @throws ErrandError validation_failed when the target has twenty
 */
export async function createWebhook(
  store: Store,
  target: WebhookTarget,
  { secret, ...fields }: WebhookFields,
  actor: Actor,
  ping: (hook: WebhookRow) => object,
): Promise<WebhookRow> {
  return await transact(store, async (tx) => {
    const others = await selectOf(tx, target).select('id').forUpdate().execute()
    if (others.length >= mostWebhooks) {
      const message = `there are ${mostWebhooks} webhooks already, the most there may be; delete one first`
      throw invalidField('hooks', message, 'Hook')
    }
    const sealId = randomUUID()
    const hook = await tx
      .insertInto('webhooks')
      .values({
        ...fields,
        events: JSON.stringify(fields.events),
        seal_id: sealId,
        secret: secret?.(placeOfSecret(sealId)) ?? null,
        target_type: target.type,
        target_id: target.id,
        created_at: now(store),
        updated_at: now(store),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await audit(store, tx, { action: 'hook.create', target, actor, after: hook })
    await queuePing(store, tx, target, hook, ping(hook))
    return hook
  })
}

/**
 * Changes a webhook, and writes down who did. Undefined where it is not there.
 *
 * @param change what is to be other, from how it is. a `secret` of null takes it away, left out it stays
 */
export async function updateWebhook(
  store: Store,
  target: WebhookTarget,
  id: number,
  actor: Actor,
  change: (hook: WebhookRow) => Partial<WebhookFields>,
): Promise<WebhookRow | undefined> {
  return await transact(store, async (tx) => {
    const before = await selectOf(tx, target)
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (before === undefined) return undefined
    const { events, secret, ...plain } = change(before)
    const after = await tx
      .updateTable('webhooks')
      .set({
        ...plain,
        ...(events === undefined ? {} : { events: JSON.stringify(events) }),
        ...(secret === undefined
          ? {}
          : { secret: secret?.(placeOfSecret(before.seal_id)) ?? null }),
        updated_at: now(store),
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    await audit(store, tx, { action: 'hook.config_changed', target, actor, before, after })
    return after
  })
}

/** Those of a target, oldest first. */
export async function listWebhooks(
  store: Store,
  target: Pick<WebhookTarget, 'type' | 'id'>,
): Promise<WebhookRow[]> {
  return await patiently(() => selectOf(store.db, target).selectAll().orderBy('id').execute())
}

/** One of a target; another target's is not there. */
export async function findWebhook(
  store: Store,
  target: Pick<WebhookTarget, 'type' | 'id'>,
  id: number,
): Promise<WebhookRow | undefined> {
  return await patiently(() =>
    selectOf(store.db, target).selectAll().where('id', '=', id).executeTakeFirst(),
  )
}

/** Deletes a webhook with all that it was told, and writes down who did. Whether it was there. */
export async function deleteWebhook(
  store: Store,
  target: WebhookTarget,
  id: number,
  actor: Actor,
): Promise<boolean> {
  return await transact(store, async (tx) => {
    const before = await tx
      .deleteFrom('webhooks')
      .where('target_type', '=', target.type)
      .where('target_id', '=', target.id)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst()
    if (before === undefined) return false
    await audit(store, tx, { action: 'hook.destroy', target, actor, before })
    return true
  })
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

/** Has a webhook pinged, whatever it is told of. @throws ErrandError not_found where it was deleted meanwhile */
export async function pingWebhook(
  store: Store,
  target: WebhookTarget,
  hook: WebhookRow,
  payload: object,
): Promise<void> {
  await transact(store, async (tx) => {
    await requireHook(tx, hook.id)
    await queuePing(store, tx, target, hook, payload)
  })
}

async function queuePing(
  store: Store,
  tx: Tx,
  { repository }: WebhookTarget,
  hook: WebhookRow,
  payload: object,
): Promise<void> {
  await tx
    .insertInto('webhook_deliveries')
    .values({
      webhook_id: hook.id,
      guid: randomUUID(),
      event: 'ping',
      repository_id: repository?.id ?? null,
      payload: JSON.stringify(payload),
      created_at: now(store),
      next_at: now(store),
    })
    .execute()
  notify(tx, 'queue')
}

function selectOf(db: Store['db'], { type, id }: Pick<WebhookTarget, 'type' | 'id'>) {
  return db.selectFrom('webhooks').where('target_type', '=', type).where('target_id', '=', id)
}

async function audit(
  store: Store,
  tx: Tx,
  entry: {
    action: string
    target: WebhookTarget
    actor: Actor
    before?: WebhookRow
    after?: WebhookRow
  },
): Promise<void> {
  const { action, target, actor, before, after } = entry
  await appendAudit(store, tx, {
    action,
    actor,
    owner: target.owner,
    ...(target.repository === undefined ? {} : { repository: target.repository }),
    before: before && shown(before),
    after: after && shown(after),
  })
}

/** Whether it has a secret is said, and nothing of it. */
function shown(hook: WebhookRow): object {
  const { id, url, content_type, insecure_ssl, events, active } = hook
  return { id, url, content_type, insecure_ssl, events, active, has_secret: hook.secret !== null }
}
