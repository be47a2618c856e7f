import type { Webhook, WebhookConfig, WebhookDelivery, WebhookDeliveryItem } from '@errand/contract'
import type { WebhookDeliveryRow, WebhookRow } from '@errand/core'

/** A webhook as GitHub answers it. The secret is never among it. */
export function presentWebhook(
  hook: WebhookRow,
  url: string,
  latest?: WebhookDeliveryRow,
): Webhook {
  const isOfRepository = hook.target_type === 'repository'
  return {
    type: isOfRepository ? 'Repository' : 'Organization',
    id: hook.id,
    name: 'web',
    active: hook.active,
    events: hook.events,
    config: presentWebhookConfig(hook),
    updated_at: hook.updated_at.toISOString(),
    created_at: hook.created_at.toISOString(),
    url,
    ping_url: `${url}/pings`,
    deliveries_url: `${url}/deliveries`,
    ...(isOfRepository ? { last_response: presentLatest(latest) } : {}),
  }
}

export function presentWebhookConfig(hook: WebhookRow): WebhookConfig {
  return {
    content_type: hook.content_type,
    insecure_ssl: hook.insecure_ssl ? '1' : '0',
    ...(hook.secret === null ? {} : { secret: '********' }),
    url: hook.url,
  }
}

function presentLatest(
  latest: WebhookDeliveryRow | undefined,
): NonNullable<Webhook['last_response']> {
  if (latest === undefined) return { code: null, status: 'unused', message: null }
  const isOk = latest.closed_at !== null && hasArrived(latest)
  return {
    code: latest.status_code,
    status: isOk ? 'active' : 'failed',
    message: latest.status,
  }
}

function hasArrived({ status_code: code }: WebhookDeliveryRow): boolean {
  return code !== null && code >= 200 && code < 300
}

export function presentDeliveryItem(delivery: WebhookDeliveryRow): WebhookDeliveryItem {
  return {
    id: delivery.id,
    guid: delivery.guid,
    // Only what was tried is listed.
    delivered_at: (delivery.delivered_at ?? delivery.created_at).toISOString(),
    redelivery: delivery.redelivery,
    duration: (delivery.duration_ms ?? 0) / 1000,
    status: delivery.status ?? '',
    // GitHub's where nothing answered.
    status_code: delivery.status_code ?? 0,
    event: delivery.event,
    action: delivery.action,
    installation_id: null,
    repository_id: delivery.repository_id,
    throttled_at: null,
  }
}

export function presentDelivery(delivery: WebhookDeliveryRow, url: string): WebhookDelivery {
  // Written by noteDelivery.
  const request = delivery.request as { headers: Record<string, string>; payload: unknown } | null
  const response = delivery.response as { headers: Record<string, string>; payload: string } | null
  return {
    ...presentDeliveryItem(delivery),
    url,
    request: { headers: request?.headers ?? null, payload: request?.payload ?? null },
    response: { headers: response?.headers ?? null, payload: response?.payload ?? null },
  }
}
