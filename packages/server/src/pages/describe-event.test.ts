import { expect, it } from 'vitest'
import { describeEvent } from './describe-event.ts'

it('says what the firewall did not let through, and which command tried', () => {
  const data = {
    scheme: 'http',
    host: 'evil.test',
    port: 80,
    path: '/x',
    process: 'curl evil.test/x',
    rule: 'not_allowed',
    is_report_only: false,
  }
  const event = { id: '1', type: 'firewall.blocked', timestamp: '', session_id: 's', data }

  expect(describeEvent(event)).toEqual({
    label: 'firewall blocked',
    text: 'http://evil.test:80/x (curl evil.test/x)',
  })
  expect(describeEvent({ ...event, data: { ...data, is_report_only: true } }).label).toBe(
    'firewall would block',
  )
})
