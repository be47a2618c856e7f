import {
  type DeliveryResult,
  claimDeliveries,
  createWake,
  isDisconnected,
  noteDelivery,
  placeOfSecret,
  queueEvent,
  repeatPass,
  SealBroken,
  StaleDelivery,
  sweepWebhookDeliveries,
  webhookOf,
  type WebhookDeliveryRow,
  type WebhookRow,
} from '@errand/core'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'
import { bodyOf, composePayload, headersOf } from './compose-delivery.ts'
import { type Post, postDelivery } from './post-delivery.ts'
import { signaturesOf } from './sign-delivery.ts'

/** How often it is looked without being told of a change: retries are due by the clock. */
const sendEveryMs = 1000

const sweepEveryMs = 3_600_000

/** Deliveries sent at a time, few of one webhook: a receiver that hangs keeps few others waiting. */
const atATime = 16

/** Sends what webhooks are to be told while the server runs. Several servers may do so at once. */
export function webhookLoops(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    const { store, log, forge } = context
    forge.listen?.((event) => queueEvent(store, event))
    const closing = new AbortController()
    const { signal } = closing
    const wake = createWake()
    const sent = new Set<Promise<void>>()
    const unsubscribe = store.changes.subscribe('queue', wake.wake)

    async function pass(): Promise<void> {
      const free = atATime - sent.size
      if (free === 0) return
      for (const delivery of await claimDeliveries(store, free)) {
        const ended = sendDelivery(context, delivery, signal).catch((error: unknown) => {
          // Its lease runs out, and it is claimed again.
          const isAway = signal.aborted || isDisconnected(error) || error instanceof StaleDelivery
          const fields = { err: error, delivery_id: delivery.id }
          log[isAway ? 'warn' : 'error'](fields, 'a delivery to a webhook was left')
        })
        sent.add(ended)
        // The next of the same task has waited for it.
        void ended.finally(() => {
          sent.delete(ended)
          wake.wake()
        })
      }
    }

    const loops = [
      repeatPass({ log, signal, wake, everyMs: sendEveryMs, what: 'sending to webhooks' }, pass),
      repeatPass({ log, signal, everyMs: sweepEveryMs, what: 'forgetting deliveries' }, () =>
        sweepWebhookDeliveries(store),
      ),
    ]
    app.addHook('onClose', async () => {
      unsubscribe()
      closing.abort()
      await Promise.all(loops)
      await Promise.all(sent)
    })
  }
}

async function sendDelivery(
  context: ServerContext,
  delivery: WebhookDeliveryRow,
  signal: AbortSignal,
): Promise<void> {
  const { store } = context
  const hook = await webhookOf(store, delivery)
  const payload = await composePayload(context, delivery)
  // Deleted since it was claimed, and its deliveries with it.
  if (hook === undefined || payload === undefined) throw new StaleDelivery(delivery)
  const headers = headersOf(hook, delivery)
  const result = await attempt(context, hook, { headers, body: bodyOf(hook, payload) }, signal)
  // Without the signatures: by them a weak secret could be guessed from a stolen store.
  await noteDelivery(store, delivery, { ...result, request: { headers, payload } })
}

async function attempt(
  { encryption, settings, log }: ServerContext,
  hook: WebhookRow,
  { headers, body }: Pick<Post, 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<Omit<DeliveryResult, 'request'>> {
  let signatures = {}
  try {
    const secret =
      hook.secret === null ? undefined : encryption.open(hook.secret, placeOfSecret(hook.seal_id))
    if (secret !== undefined) signatures = signaturesOf(body, secret)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    // A failed attempt like any other: those that follow do not wait for it, and a key that comes back in time
    // lets it be sent.
    log.error({ err: error, webhook_id: hook.id }, 'the secret of a webhook cannot be decrypted')
    return { status: 'the secret cannot be decrypted', duration_ms: 0, response: null }
  }
  const post = {
    url: hook.url,
    headers: { ...headers, ...signatures },
    body,
    isInsecure: hook.insecure_ssl,
    mayBePrivate: settings.webhooks.allow_private_addresses,
  }
  return await postDelivery(post, signal)
}
