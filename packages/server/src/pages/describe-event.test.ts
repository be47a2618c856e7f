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

it('tells what the checks have found, each with its place', () => {
  const finding = { path: 'a.ts', line: 3, rule: 'x', severity: 'high', message: 'Bad' }
  const data = { tool: 'codeql', outcome: 'findings', finding_count: 2, findings: [finding] }
  const event = { id: '1', type: 'session.validation', timestamp: '', session_id: 's', data }

  expect(describeEvent(event)).toEqual({ label: 'codeql', text: 'findings\nhigh a.ts:3: Bad' })
})

it.each([
  ['setup.step_start', { number: 1, name: 'Install' }, 'setup step', 'Install'],
  ['setup.step_update', { number: 1, output: 'added 1\n' }, 'setup output', 'added 1\n'],
  [
    'setup.step_complete',
    { number: 1, name: 'Install', outcome: 'failure', seconds: 1.5, message: 'ended with code 1' },
    'setup step: failure',
    'Install (1.5 s): ended with code 1',
  ],
])('says how a setup step goes: %s', (type, data, label, text) => {
  const event = { id: '1', type, timestamp: '', session_id: 's', data }

  expect(describeEvent(event)).toEqual({ label, text })
})
