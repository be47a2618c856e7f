import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compilePolicy, PolicyError } from './compile.ts'
import { evaluatePolicy } from './evaluate.ts'
import { policyJsonSchema } from './policy-json-schema.ts'
import { policyTemplate } from './policy-template.ts'
import { recommendedPolicy } from './recommended-policy.ts'
import { aConfiguration } from './testing/a-configuration.ts'

function problemsOf(value: unknown): string[] {
  try {
    compilePolicy(value)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
}

const rules = { 'firewall-enabled': 'error' }

it.each([
  [{ version: 1, rules: { 'firewall-on': 'error' } }, 'rules: firewall-on is not known'],
  [{ version: 2, rules }, 'version: '],
  [{ version: 1 }, 'rules: no rule is on'],
  [{ version: 1, rules: { 'firewall-enabled': 'off' } }, 'rules: no rule is on'],
  [{ version: 1, rules: { 'firewall-enabled': 'fatal' } }, 'rules.firewall-enabled.severity: '],
  [
    { version: 1, rules: { 'firewall-allowed-hosts': 'error' } },
    'rules.firewall-allowed-hosts.allow',
  ],
  [
    { version: 1, rules: { 'firewall-denied-hosts': { deny: ['a b'] } } },
    'rules.firewall-denied-hosts.deny.0: must be a host',
  ],
  [
    { version: 1, rules: { 'mcp-allowed-servers': { allow: [{}] } } },
    'rules.mcp-allowed-servers.allow.0: must have a name',
  ],
  [
    { version: 1, custom_rules: [{ id: 'a', must: 'configuration.x ==' }] },
    'custom_rules.0.must: is no CEL expression',
  ],
  [{ version: 1, custom_rules: [{ id: 'a', must: '1 + 1' }] }, 'custom_rules.0.must: is no CEL'],
  [
    { version: 1, custom_rules: [{ id: 'a', must: 'true', message: '{{ nothing }}' }] },
    'custom_rules.0.message: is no CEL expression',
  ],
  [
    { version: 1, rules, custom_rules: [{ id: 'automations', must: 'true' }] },
    'custom_rules.0.id: there is a rule automations already',
  ],
  [
    {
      version: 1,
      rules,
      exceptions: [{ repositories: ['a/b'], rules: ['x'], reason: 'r', expires: '2026-01-01' }],
    },
    'exceptions.0.rules.0: there is no rule x',
  ],
  [
    {
      version: 1,
      rules,
      exceptions: [{ repositories: ['b'], rules: ['x'], reason: ' ', expires: 'soon' }],
    },
    'exceptions.0.expires: must be a date',
  ],
])('says what is wrong with %j', (value, expected) => {
  expect(problemsOf(value).join('\n')).toContain(expected)
})

it('takes the policy to begin with, and the recommended one', () => {
  expect(problemsOf(parse(policyTemplate))).toEqual([])
  expect(problemsOf(recommendedPolicy)).toEqual([])
})

it('has its schema in docs/, and the policy to begin with fits it', () => {
  const file = new URL('../../../docs/policy.schema.json', import.meta.url)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as object
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)

  expect(schema).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())))
  expect([validate(parse(policyTemplate)), validate.errors]).toEqual([true, null])
  expect(validate({ version: 1, rules: { 'firewall-on': 'error' } })).toBe(false)
})

describe('a rule in CEL', () => {
  const evaluate = (must: string, given = {}, message?: string) =>
    evaluatePolicy(
      compilePolicy({
        version: 1,
        custom_rules: [{ id: 'own', must, severity: 'note', ...(message && { message }) }],
      }),
      'acme/shop',
      aConfiguration(given),
      '2026-01-01',
    )

  it('sees the configuration and the repository, and fills in its message', () => {
    const { deviations } = evaluate(
      'repository.owner == "other" || configuration.custom_allowlist.all(host, host.endsWith(".corp"))',
      { custom_allowlist: ['a.corp', 'b.net'] },
      '{{ repository.name }} has {{ size(configuration.custom_allowlist) }}: {{ configuration.custom_allowlist[1] }}',
    )

    expect(deviations).toMatchObject([
      { rule: 'own', severity: 'note', message: 'shop has 2: b.net' },
    ])
    expect(evaluate('configuration.is_firewall_enabled').deviations).toEqual([])
  })

  it('that cannot be asked is not kept', () => {
    const { deviations, unchecked } = evaluate('configuration.mcp_configuration.mcpServers.x == 1')

    expect(deviations).toEqual([])
    expect(unchecked).toMatchObject([{ rule: 'own' }])
  })

  it.each([
    ['configuration.custom_allowlist.all(h, !h.matches("^(a+)+$"))', [`${'a'.repeat(5000)}!`]],
    [
      'configuration.custom_allowlist.all(a, configuration.custom_allowlist.all(b, configuration.custom_allowlist.all(c, a + b + c != "x")))',
      Array.from({ length: 3000 }, (_, at) => `h${at}.com`),
    ],
  ])('is stopped where a configuration makes it take for ever: %s', (must, custom_allowlist) => {
    const began = performance.now()
    const { unchecked } = evaluate(must, { custom_allowlist })

    expect(unchecked[0]?.reason).toContain('took longer')
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
