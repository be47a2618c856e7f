import { expect, it } from 'vitest'
import { presentEvent } from './event-lines.ts'

const blocked = {
  scheme: 'https',
  host: 'evil.test',
  port: 443,
  process: 'curl \u001b[2Jevil',
  rule: 'not_allowed',
  is_report_only: false,
}

it.each([
  [blocked, 'firewall blocked https://evil.test:443 (curl ^[[2Jevil)'],
  [
    { ...blocked, path: '/a', is_report_only: true },
    'firewall would block https://evil.test:443/a (curl ^[[2Jevil)',
  ],
  [
    { ...blocked, mcp_server: 'issues' },
    'firewall blocked https://evil.test:443 (curl ^[[2Jevil), MCP server issues',
  ],
])('tells in one line what the firewall did not let through: %j', (data, line) => {
  const event = { id: '1', type: 'firewall.blocked', timestamp: '', session_id: 's', data }

  expect(presentEvent(event, (_, text) => text)).toBe(line)
})

it('tells what the checks have found, in words that no terminal obeys', () => {
  const finding = { path: 'a\u001b[2J.ts', line: 3, rule: 'x', severity: 'high', message: 'Bad' }
  const data = {
    tool: 'secret_scanning',
    outcome: 'findings',
    finding_count: 1,
    findings: [finding],
  }
  const event = { id: '1', type: 'session.validation', timestamp: '', session_id: 's', data }

  expect(presentEvent(event, (_, text) => text)).toBe(
    'secret scanning: findings\n  high a^[[2J.ts:3: Bad',
  )
})

it.each([
  [{ outcome: 'completed' }, 'hook a.json preToolUse[0]'],
  [{ outcome: 'timed_out' }, 'hook a.json preToolUse[0] timed out'],
  [
    { outcome: 'failed', decision: 'deny', message: 'it ended\n\u001B[2J' },
    'hook a.json preToolUse[0] failed: deny (it ended ^[[2J)',
  ],
])('tells in one line what became of a hook: %j', (more, line) => {
  const data = { hook: 'a.json preToolUse[0]', hook_event: 'preToolUse', duration_ms: 5, ...more }
  const event = { id: '1', type: 'session.hook', timestamp: '', session_id: 's', data }

  expect(presentEvent(event, (_, text) => text)).toBe(line)
})

it.each([
  ['setup.step_start', { number: 1, name: 'Install\u001b[2J' }, '› setup: Install^[[2J'],
  ['setup.step_update', { number: 1, output: 'added 1\nfound 0\n' }, '  added 1\n  found 0'],
  ['setup.step_complete', { name: 'Install', outcome: 'success', seconds: 1.5 }, '  ✓ 1.5 s'],
  [
    'setup.step_complete',
    { name: 'Install', outcome: 'skipped', seconds: 0, message: 'a step before it failed' },
    '› setup: Install: skipped: a step before it failed',
  ],
  [
    'setup.step_complete',
    { name: 'Install', outcome: 'failure', seconds: 2, message: 'ended with code 1' },
    '✗ setup: Install: failure: ended with code 1',
  ],
])('tells how a setup step goes: %s %j', (type, data, lines) => {
  const event = { id: '1', type, timestamp: '', session_id: 's', data }

  expect(presentEvent(event, (_, text) => text)).toBe(lines)
})
