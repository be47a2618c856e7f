import { invalidField, type Settings } from '@errand/contract'
import { AddressRefused, requirePublicHost } from '@errand/core'

/**
 * Whether a webhook may be sent to an address as it stands. What a name resolves to is looked at when it
 * is sent: that may change.
 *
 * @throws ErrandError validation_failed
 */
export function requireSendable(settings: Pick<Settings, 'webhooks'>, url: string): void {
  if (settings.webhooks.allow_private_addresses) return
  try {
    requirePublicHost(new URL(url))
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error
    const message = `url: ${error.message}; the operator can allow it (webhooks.allow_private_addresses)`
    throw invalidField('url', message, 'Hook')
  }
}
