import { z } from 'zod'
import { defineRule } from '../rule.ts'

const field = 'is_firewall_recommended_allowlist_enabled'

export const firewallRecommendedAllowlist = defineRule({
  id: 'firewall-recommended-allowlist',
  title: 'The recommended allowlist is off, or on, as the policy says',
  explanation:
    'The recommended list has package registries and other hosts to which anybody can upload. Where agents get their packages from a mirror of your own, it is better off. Turning it on allows more, so that --fix never does.',
  defaultSeverity: 'warning',
  parameters: z.strictObject({
    enabled: z.boolean().default(false).describe('Whether the recommended list must be on'),
  }),
  check({ [field]: isOn }, { enabled }) {
    if (isOn === enabled) return []
    const message = `The recommended allowlist is ${isOn ? 'on' : 'off'}.`
    return [{ path: [field], subject: field, message }]
  },
  fix: (configuration, { enabled }) =>
    enabled ? configuration : { ...configuration, [field]: false },
})
