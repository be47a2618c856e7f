import { z } from 'zod'

/** What a webhook can be told of; `*` is everything. `agent_task` is beyond GitHub. */
export const webhookEvents = ['agent_task', 'push', 'pull_request', 'issue_comment'] as const
export const WebhookEvent = z.enum([...webhookEvents, '*'])
export type WebhookEvent = z.infer<typeof WebhookEvent>

/** As GitHub stores it: `insecure_ssl` is text, and may come as a number. */
const InsecureSsl = z
  .union([z.enum(['0', '1']), z.literal(0), z.literal(1)])
  .transform((value) => (String(value) === '1' ? ('1' as const) : ('0' as const)))

const WebhookUrl = z
  .url({ protocol: /^https?$/, message: 'must be an http or https URL' })
  .max(2048)
  .refine((text) => !hasCredentials(text), { message: 'must not hold a user or a password' })

const fields = {
  url: WebhookUrl,
  content_type: z.enum(['json', 'form']),
  secret: z.string().max(1024),
  insecure_ssl: InsecureSsl,
}

/** Where a webhook is sent, and how. The secret signs what is sent, and is never answered. */
export const WebhookConfigInput = z.object({
  url: fields.url.exactOptional(),
  content_type: fields.content_type.exactOptional(),
  secret: fields.secret.exactOptional(),
  insecure_ssl: fields.insecure_ssl.exactOptional(),
})
export type WebhookConfigInput = z.infer<typeof WebhookConfigInput>

const events = z.array(WebhookEvent).min(1).max(20)

export const CreateWebhook = z.object({
  /** GitHub takes `web` and nothing else. */
  name: z.literal('web').default('web'),
  config: WebhookConfigInput.extend({ url: fields.url }),
  events: events.exactOptional(),
  active: z.boolean().default(true),
})
export type CreateWebhook = z.infer<typeof CreateWebhook>

/** What is left out stays. A `config` replaces the whole one, the secret among it, as on GitHub. */
export const UpdateWebhook = z.object({
  config: WebhookConfigInput.extend({ url: fields.url }).exactOptional(),
  events: events.exactOptional(),
  add_events: events.exactOptional(),
  remove_events: events.exactOptional(),
  active: z.boolean().exactOptional(),
})
export type UpdateWebhook = z.infer<typeof UpdateWebhook>

export const WebhookConfig = z.object({
  url: z.string(),
  content_type: z.enum(['json', 'form']),
  insecure_ssl: z.enum(['0', '1']),
  /** Eight asterisks where there is one. */
  secret: z.string().exactOptional(),
})
export type WebhookConfig = z.infer<typeof WebhookConfig>

export const Webhook = z.object({
  type: z.enum(['Repository', 'Organization']),
  id: z.int(),
  name: z.literal('web'),
  active: z.boolean(),
  events: z.array(z.string()),
  config: WebhookConfig,
  updated_at: z.iso.datetime(),
  created_at: z.iso.datetime(),
  url: z.string(),
  ping_url: z.string(),
  deliveries_url: z.string(),
  /** Of repositories' webhooks only, as on GitHub. */
  last_response: z
    .object({ code: z.int().nullable(), status: z.string(), message: z.string().nullable() })
    .exactOptional(),
})
export type Webhook = z.infer<typeof Webhook>

/** One thing a webhook was told, and what came of the latest attempt. */
export const WebhookDeliveryItem = z.object({
  id: z.int(),
  guid: z.string(),
  delivered_at: z.iso.datetime(),
  redelivery: z.boolean(),
  /** In seconds. */
  duration: z.number(),
  status: z.string(),
  status_code: z.int(),
  event: z.string(),
  action: z.string().nullable(),
  installation_id: z.null(),
  repository_id: z.int().nullable(),
  throttled_at: z.null(),
})
export type WebhookDeliveryItem = z.infer<typeof WebhookDeliveryItem>

const Headers = z.record(z.string(), z.string())

export const WebhookDelivery = WebhookDeliveryItem.extend({
  url: z.string(),
  request: z.object({ headers: Headers.nullable(), payload: z.unknown() }),
  response: z.object({ headers: Headers.nullable(), payload: z.string().nullable() }),
})
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

export const DeliveryQuery = z.object({
  per_page: z.coerce.number().int().min(1).max(100).default(30),
  /** Of the page, from `Link`: deliveries before this id. */
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .exactOptional(),
})

function hasCredentials(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}
