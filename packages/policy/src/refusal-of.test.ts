import { expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { policyHash } from './policy-hash.ts'
import { refusalOf } from './refusal-of.ts'
import { aConfiguration } from './testing/a-configuration.ts'
import { watchedDeviations } from './watched-deviations.ts'

const policy = compilePolicy({
  version: 1,
  rules: { 'firewall-enabled': 'error', 'workflow-approval': 'warning' },
  custom_rules: [
    { id: 'own', must: '!("boom.example" in configuration.custom_allowlist) || 1 / 0 > 1' },
  ],
  exceptions: [
    {
      repositories: ['acme/legacy'],
      rules: ['firewall-enabled'],
      reason: 'old',
      expires: '2026-06-30',
    },
  ],
})
const refusedBy = (repository: string, given: Partial<Configuration>, today = '2026-01-01') =>
  refusalOf(policy, repository, aConfiguration(given), today)

it('lets a task run where every rule is kept, or only warnings are found', () => {
  expect(refusedBy('acme/shop', {})).toBeUndefined()
  expect(refusedBy('acme/shop', { require_actions_workflow_approval: false })).toBeUndefined()
})

it('keeps as history all that it would refuse, and knows it again', () => {
  const found = (given: object, name = 'acme/shop') =>
    watchedDeviations(policy, name, { ...aConfiguration(), ...given }, '2026-01-01')
  const hosts = ['a.example', 'boom.example']

  expect(found({ is_firewall_enabled: false, custom_allowlist: hosts })).toMatchObject([
    { rule: 'firewall-enabled', severity: 'error', place: ['is_firewall_enabled'] },
    {
      rule: 'own',
      severity: 'error',
      place: [],
      message: expect.stringContaining('not be checked'),
    },
  ])
  expect(found({ mcp_configuration: { servers: {} } })).toMatchObject([
    { rule: 'configuration', severity: 'error' },
  ])
  const [first] = found({ custom_allowlist: hosts })
  expect(found({ custom_allowlist: ['boom.example'] }, 'ACME/shop')).toEqual([first])
  expect(
    watchedDeviations(
      compilePolicy({ version: 1, rules: { 'firewall-denied-hosts': { deny: ['boom.example'] } } }),
      'acme/shop',
      aConfiguration({ custom_allowlist: hosts }),
      '2026-01-01',
    ),
  ).toMatchObject([{ place: ['custom_allowlist', 'boom.example'] }])
})

it('refuses what an audit could not read', () => {
  const answered = { ...aConfiguration(), mcp_configuration: { mcpServers: {}, servers: {} } }

  expect(refusalOf(policy, 'acme/shop', answered, '2026-01-01')?.message).toContain(
    'cannot be read',
  )
})

it('another policy has another hash, also when an exception ends', () => {
  const values = { rules: { 'firewall-enabled': 'error' } }
  const hashes = [
    policyHash(policy, values, '2026-06-29'),
    policyHash(policy, values, '2026-06-30'),
    policyHash(policy, values, '2026-07-01'),
    policyHash(policy, { rules: {} }, '2026-06-30'),
  ]

  expect(hashes[0]).toBe(hashes[1])
  expect(new Set(hashes).size).toBe(3)
})

it('names the rule that refuses', () => {
  expect(refusedBy('acme/shop', { is_firewall_enabled: false })).toEqual({
    rule: 'firewall-enabled',
    message:
      "The policy's rule firewall-enabled does not let agents run here: The firewall is off.",
  })
})

it('lets a task run by an exception, as long as it holds', () => {
  const off = { is_firewall_enabled: false }

  expect(refusedBy('acme/legacy', off)).toBeUndefined()
  expect(refusedBy('acme/legacy', off, '2026-07-01')?.rule).toBe('firewall-enabled')
})

it('refuses where a rule cannot be asked', () => {
  expect(refusedBy('acme/shop', { custom_allowlist: ['boom.example'] })).toMatchObject({
    rule: 'own',
    message: expect.stringContaining('could not be checked'),
  })
})
