import { invalidField, type Settings, type WebhookEvent } from '@errand/contract'

/**
 * What a webhook is to be told of. What happens on a forge elsewhere is that forge's to tell: there only
 * tasks are told of here.
 *
 * @throws ErrandError validation_failed
 */
export function readEvents(
  { forge }: Pick<Settings, 'forge'>,
  asked: readonly WebhookEvent[] | undefined,
): string[] {
  const isEmbedded = forge === 'embedded'
  // GitHub's default, where there is such a thing.
  if (asked === undefined) return isEmbedded ? ['push'] : ['agent_task']
  const other = asked.find((event) => event !== 'agent_task' && event !== '*')
  if (!isEmbedded && other !== undefined) {
    const message = `events: ${other} is told by ${forge}, where the repository is; here there are agent_task and *`
    throw invalidField('events', message, 'Hook')
  }
  return [...new Set(asked)]
}
