import { type HookSettings, invalidField } from '@errand/contract'
import { Liquid, LiquidError, type Template } from 'liquidjs'
import type { ServerContext } from '../../context.ts'
import { requireSecret } from '../secrets.ts'
import {
  requireGitHubSignature,
  requireStandardSignature,
  type SignedRequest,
} from '../signature.ts'

/** What the templates of a hook are over. */
export interface Delivery {
  body: object
  /** By their names in lower case, without what proves who sent it. */
  headers: Record<string, string>
}

/** A hook of the settings, ready: its secrets looked up, its templates read. */
export interface Hook {
  settings: HookSettings
  token: string
  /** @throws ErrandError bad_credentials */
  requireSignature(request: SignedRequest): void
  /** What the delivery is known by: sent again, it is the same. Always something that is signed. */
  deliveryOf(request: SignedRequest): string | Buffer
  /** @throws ErrandError validation_failed when the delivery lacks what the template needs. */
  render(key: 'repository' | 'prompt' | 'when', delivery: Delivery): string
}

/** What a sender puts into a body is in no hurry and of no size beyond these. */
const limits = { parseLimit: 1_000_000, renderLimit: 1000, memoryLimit: 50_000_000 }

/**
 * Reads a hook of the settings.
 *
 * @throws ErrandError that names the setting: a variable that is not set, a template that is none.
 */
export function openHook(context: ServerContext, settings: HookSettings): Hook {
  const place = `integrations.hooks (${settings.id})`
  const liquid = new Liquid({
    strictVariables: true,
    // What may be missing is asked for: `{% if body.text %}`, `{{ body.text | default: '' }}`.
    lenientIf: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // No file can be included.
    templates: {},
    ...limits,
  })
  const secret = requireSecret(context, `${place}.secret_env`, settings.secret_env)
  const read = (key: 'repository' | 'prompt' | 'when', text: string) =>
    explaining(`${place}.${key}`, 'Settings', () => liquid.parse(text))
  const templates: Record<string, Template[]> = {
    repository: read('repository', settings.repository),
    prompt: read('prompt', settings.prompt),
    when: read('when', settings.when ?? 'true'),
  }
  return {
    settings,
    token: requireSecret(context, `${place}.token_env`, settings.token_env),
    requireSignature(request) {
      switch (settings.signature) {
        case 'github':
          return requireGitHubSignature(request, secret)
        case 'standard-webhooks':
          return requireStandardSignature(request, secret)
      }
    },
    // GitHub's signature is over the body alone: under new headers a captured request could be sent for ever.
    // The other is over an id too, and was refused without one.
    deliveryOf: ({ headers, body }) =>
      settings.signature === 'github' ? body : String(headers['webhook-id']),
    render: (key, delivery) =>
      explaining(key, 'Hook', () =>
        // Each of the three was read above.
        String(liquid.renderSync(templates[key] ?? [], { ...delivery })),
      ).trim(),
  }
}

function explaining<T>(field: string, resource: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof LiquidError)) throw cause
    throw invalidField(field, `${field}: ${cause.message.split('\n', 1)[0] ?? ''}`, resource)
  }
}
