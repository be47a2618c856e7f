import { z } from 'zod'
import { defineRule } from '../rule.ts'

export const firewallEnabled = defineRule({
  id: 'firewall-enabled',
  title: 'The firewall is on',
  explanation:
    'Without the firewall an agent that was talked into it can send the code and whatever it finds to any host. Turn it on in the settings of the repository.',
  defaultSeverity: 'error',
  parameters: z.strictObject({}),
  check({ is_firewall_enabled: isOn }) {
    if (isOn) return []
    const path = ['is_firewall_enabled']
    return [{ path, subject: 'is_firewall_enabled', message: 'The firewall is off.' }]
  },
  fix: (configuration) => ({ ...configuration, is_firewall_enabled: true }),
})
