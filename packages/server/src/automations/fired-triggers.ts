import {
  type AutomationTrigger,
  automationTriggers,
  invalidField,
  isForgeEvent,
  type Triggers,
} from '@errand/contract'
import type { ServerContext } from '../context.ts'

/** What the embedded forge tells of: it has neither issues nor reviews nor workflows, and assigns nobody. */
const embedded = new Set(['pull_request', 'issue_comment'])
const neverEmbedded = new Set(['assigned', 'unassigned'])

/** The triggers that this server fires, by what its forge tells it. */
export function triggersOf({ settings }: Pick<ServerContext, 'settings'>): AutomationTrigger[] {
  // GitHub tells what its webhooks are sent for.
  if (settings.integrations.github !== undefined) return automationTriggers
  const isEmbedded = settings.forge === 'embedded'
  return automationTriggers
    .filter(({ id }) => !isForgeEvent(id) || (isEmbedded && embedded.has(id)))
    .map((trigger) => ({ ...trigger, fields: trigger.fields.map(withoutAssigning) }))
}

function withoutAssigning(field: AutomationTrigger['fields'][number]) {
  if (field.id !== 'types' || field.options === undefined) return field
  return { ...field, options: field.options.filter((type) => !neverEmbedded.has(String(type))) }
}

/**
 * Only what the server really fires is taken: anything else would wait for ever.
 *
 * @throws ErrandError validation_failed
 */
export function requireFired(context: Pick<ServerContext, 'settings'>, triggers: Triggers): void {
  const fired = triggersOf(context)
  for (const [id, trigger] of Object.entries(triggers)) {
    const definition = fired.find((one) => one.id === id)
    if (definition === undefined) {
      const known = fired.map((one) => one.id).join(', ')
      const why =
        context.settings.forge === 'embedded'
          ? 'its own forge has none'
          : 'it is sent no webhooks (integrations.github)'
      const message = `triggers.${id}: this server does not fire ${id}, as ${why}; it fires: ${known}`
      throw invalidField(`triggers.${id}`, message, 'Automation')
    }
    const options = definition.fields.find((field) => field.id === 'types')?.options
    const types = 'types' in trigger ? trigger.types : []
    const unfired = types.find((type) => options?.includes(type) === false)
    if (unfired === undefined) continue
    const field = `triggers.${id}.types`
    const message = `${field}: this server's forge does not tell of '${unfired}'`
    throw invalidField(field, message, 'Automation')
  }
}
