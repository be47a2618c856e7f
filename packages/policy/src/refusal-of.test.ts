import { expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { type Configuration } from './configuration.ts'
import { refusalOf } from './refusal-of.ts'
import { aConfiguration } from './testing/a-configuration.ts'

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
