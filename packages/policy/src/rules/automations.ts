import { z } from 'zod'
import { defineRule } from '../rule.ts'

export const automations = defineRule({
  id: 'automations',
  title: 'Automations are off, or start only for people with write access',
  explanation:
    'An automation on an event, such as a new issue, is started by whoever causes the event: on a public repository by anybody. It must ask for write access, or automations must be off.',
  defaultSeverity: 'error',
  parameters: z.strictObject({
    allow: z
      .enum(['none', 'write_access'])
      .default('write_access')
      .describe(
        'none: they must be off; write_access: events of people without it must be ignored',
      ),
  }),
  check(configuration, { allow }) {
    if (!configuration.is_automations_enabled) return []
    if (allow === 'none') {
      const path = ['is_automations_enabled']
      return [{ path, subject: 'is_automations_enabled', message: 'Automations are on.' }]
    }
    const field = 'require_write_access_for_automation_triggers'
    if (configuration[field]) return []
    const message = 'People without write access can start automations.'
    return [{ path: [field], subject: field, message }]
  },
  fix: (configuration, { allow }) =>
    allow === 'none'
      ? { ...configuration, is_automations_enabled: false }
      : { ...configuration, require_write_access_for_automation_triggers: true },
})
