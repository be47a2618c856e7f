import { sql } from 'kysely'
import type { WebhookDeliveryRow } from '../store/schema.ts'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** Another sends the delivery, or its webhook was deleted. Stop, and change nothing. */
export class StaleDelivery extends Error {
  constructor(delivery: WebhookDeliveryRow) {
    super(`attempt ${delivery.attempt} no longer holds the delivery ${delivery.id}`)
    this.name = 'StaleDelivery'
  }
}

/** What became of one attempt. */
export interface DeliveryResult {
  /** Undefined where nothing answered. */
  status_code?: number
  /** `OK`, or why not, for who reads the log. */
  status: string
  duration_ms: number
  /** As sent and as answered, without secrets. */
  request: unknown
  response: unknown
  /** Whether trying again cannot help. */
  isFinal?: boolean
}

/** Three times what one attempt may take. */
const leaseSeconds = 30

const firstRetrySeconds = 10
const longestRetrySeconds = 3600

/** From when it happened; after it a delivery is given up, and shown as failed. */
const giveUpAfterSeconds = 86_400

/** Deliveries of one webhook sent at a time: one whose receiver hangs must not keep all senders busy. */
const mostOfWebhook = 2

/**
 * Takes hold of deliveries that are due; two senders never get the same. What happened to one task is
 * sent in its order, up to the first attempt: one that failed lets the later go ahead, or a receiver
 * that chokes on it would be told nothing for a day. Of one webhook no more are held than `mostOfWebhook`,
 * so that those of others are not behind all of its.
 */
export async function claimDeliveries(store: Store, limit: number): Promise<WebhookDeliveryRow[]> {
  const time = now(store)
  const claimed = await patiently(() =>
    sql<WebhookDeliveryRow>`
      with busy as (
        select webhook_id, count(*) as held
        from webhook_deliveries
        where closed_at is null
          and lease_expires_at >= ${time}
        group by webhook_id
      ),
      sendable as materialized (
        select delivery.id,
          coalesce(busy.held, 0) + row_number() over (
            partition by delivery.webhook_id
            order by delivery.next_at, delivery.id
          ) as place
        from webhook_deliveries as delivery
        left join busy on busy.webhook_id = delivery.webhook_id
        where closed_at is null
          and next_at <= ${time}
          and (lease_expires_at is null or lease_expires_at < ${time})
          and coalesce(busy.held, 0) < ${mostOfWebhook}::integer
          and not exists (
            select 1
            from webhook_deliveries as earlier
            where earlier.webhook_id = delivery.webhook_id
              and earlier.task_id = delivery.task_id
              and earlier.id < delivery.id
              and earlier.closed_at is null
              and earlier.failures = 0
          )
      ),
      due as materialized (
        select delivery.id
        from webhook_deliveries as delivery
        join sendable on sendable.id = delivery.id
        where sendable.place <= ${mostOfWebhook}::integer
          -- Again, of the row as it is when it is locked: another may have claimed it since.
          and delivery.closed_at is null
          and delivery.next_at <= ${time}
          and (delivery.lease_expires_at is null or delivery.lease_expires_at < ${time})
        order by delivery.next_at, delivery.id
        limit ${limit}::integer
        for update of delivery skip locked
      )
      update webhook_deliveries as delivery
      set attempt = attempt + 1,
        lease_expires_at = ${time} + make_interval(secs => ${leaseSeconds})
      from due
      where delivery.id = due.id
      returning delivery.*`.execute(store.db),
  )
  return claimed.rows.toSorted((a, b) => a.id - b.id)
}

/** Notes what became of an attempt: closed when it arrived or a day is over, else tried again later. */
export async function noteDelivery(
  store: Store,
  delivery: WebhookDeliveryRow,
  result: DeliveryResult,
): Promise<void> {
  const code = result.status_code ?? null
  const hasArrived = code !== null && code >= 200 && code < 300
  const backoff = firstRetrySeconds * 2 ** Math.min(delivery.failures, 20)
  const time = now(store)
  const noted = await patiently(() =>
    sql`
      update webhook_deliveries
      set status_code = ${code}::integer,
        status = ${result.status}::text,
        duration_ms = ${Math.round(result.duration_ms)}::integer,
        request = ${JSON.stringify(result.request)}::json,
        response = ${JSON.stringify(result.response)}::json,
        delivered_at = ${time},
        lease_expires_at = null,
        failures = failures + ${hasArrived ? 0 : 1}::integer,
        next_at = ${time} + make_interval(secs => ${Math.min(backoff, longestRetrySeconds)}),
        closed_at = case
          when ${hasArrived || result.isFinal === true}::boolean
            or created_at + make_interval(secs => ${giveUpAfterSeconds}) <= ${time}
          then ${time}
        end
      where id = ${delivery.id}
        and attempt = ${delivery.attempt}
        and closed_at is null
      returning id`.execute(store.db),
  )
  if (noted.rows.length === 0) throw new StaleDelivery(delivery)
}

/** How long what was sent can be looked at, and sent again. */
const keptDays = 7

/** Deletes what is closed for longer than it is kept. */
export async function sweepWebhookDeliveries(store: Store): Promise<void> {
  await patiently(() =>
    sql`
      delete from webhook_deliveries
      where closed_at < ${now(store)} - make_interval(days => ${keptDays})`.execute(store.db),
  )
}
