import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { evaluatePolicy } from './evaluate.ts'
import { fixConfiguration } from './fix.ts'
import { isNoWeaker } from './is-no-weaker.ts'
import { rules } from './rules.ts'
import { aConfiguration, withServers } from './testing/a-configuration.ts'

/** Every rule, as strict as a company may be. */
const policy = compilePolicy({
  version: 1,
  rules: {
    'firewall-enabled': 'error',
    'firewall-recommended-allowlist': { enabled: false },
    'firewall-allowed-hosts': { allow: ['contoso.com', '*.contoso.dev', 'https://git.net/us/'] },
    'firewall-denied-hosts': { deny: ['paste.contoso.com'] },
    'mcp-allowed-servers': {
      allow: [
        { url: 'https://mcp.contoso.com/' },
        { command: 'npx', args: ['-y', '@contoso/*'] },
        { image: 'ghcr.io/contoso/*' },
        { name: 'playwright' },
      ],
    },
    'mcp-tools-listed': 'error',
    'mcp-secret-references': 'error',
    'mcp-no-literal-secrets': 'error',
    'review-tools': {},
    'workflow-approval': 'error',
    automations: 'error',
  },
})

const remote = { type: 'http', url: 'https://mcp.contoso.com/a', tools: ['read'] }
const clean = { is_firewall_recommended_allowlist_enabled: false }
const foundIn = (configuration: Configuration): string[] => {
  const { deviations, unchecked } = evaluatePolicy(policy, 'acme/shop', configuration, '2026-01-01')
  expect(unchecked).toEqual([])
  return [...new Set(deviations.map(({ rule }) => rule))]
}

/** A deviation of each rule, and of no other. */
const planted: Record<string, Configuration[]> = {
  'firewall-enabled': [aConfiguration({ ...clean, is_firewall_enabled: false })],
  'firewall-recommended-allowlist': [aConfiguration()],
  'firewall-allowed-hosts': [
    'evil.net',
    'evilcontoso.com',
    'contoso.com.evil.net',
    'соntoso.com',
    'contoso.dev',
    'https://git.net/us/../them/',
    'https://git.net/us2/',
    'http://git.net/us/',
    '127.0.0.1',
  ].map((entry) => aConfiguration({ ...clean, custom_allowlist: [entry] })),
  'firewall-denied-hosts': [
    aConfiguration({ ...clean, custom_allowlist: ['raw.paste.contoso.com'] }),
    aConfiguration({ ...clean, custom_allowlist: ['contoso.com'] }),
  ],
  'mcp-allowed-servers': [
    { type: 'http', url: 'https://mcp.contoso.com.evil.net/', tools: [] },
    { type: 'http', url: 'https://mcp.contoso.com$COPILOT_MCP_X/', tools: [] },
    { type: 'http', url: 'https://mcp.contoso.com:8443/', tools: [] },
    { type: 'local', command: 'npx', args: ['-y', 'evil'], url: remote.url, tools: [] },
    { type: 'local', command: 'npx', args: '-y @contoso/x', tools: [] },
    {
      type: 'local',
      command: 'docker',
      args: ['run', '-v', '/:/h', 'ghcr.io/contoso/x'],
      tools: [],
    },
    { type: 'local', command: 'docker', args: ['run', 'ghcr.io/contoso2/x'], tools: [] },
  ].map((server) => withServers({ it: server }, clean)),
  'mcp-tools-listed': [
    withServers({ it: { ...remote, tools: ['*'] } }, clean),
    withServers({ it: { ...remote, tools: ['a', ' * '] } }, clean),
    withServers({ it: { ...remote, tools: '*' } }, clean),
    withServers({ it: { type: 'http', url: remote.url } }, clean),
  ],
  'mcp-secret-references': [
    { headers: { Authorization: 'Bearer hunter2' } },
    { headers: { Authorization: '$GITHUB_TOKEN' } },
    { env: { API_KEY: '${COPILOT_MCP_KEY:-swordfish}' } },
    { args: ['--token', 'swordfish'] },
    { args: ['-e', 'DB_PASSWORD=swordfish'] },
    { nested: { deep: [{ password: 'swordfish' }] } },
  ].map((more) => withServers({ it: { ...remote, ...more } }, clean)),
  'mcp-no-literal-secrets': [
    { args: ['--header', `X: ${['ghp', 'a1B2'.repeat(9)].join('_')}`] },
    { url: 'https://mcp.contoso.com/a', extra: 'https://u:swordfish@db.contoso.com/' },
    { env: { WHERE: 'postgres://u:swordfish@db.contoso.com/' } },
    { env: { SEED: 'q7Zt1Kp9Xw3Rb8Vd2Lm6Jh4Ns5' } },
  ].map((more) => withServers({ it: { ...remote, ...more } }, clean)),
  'review-tools': [
    aConfiguration({
      ...clean,
      enabled_tools: { ...aConfiguration().enabled_tools, codeql: false },
    }),
  ],
  'workflow-approval': [aConfiguration({ ...clean, require_actions_workflow_approval: false })],
  automations: [aConfiguration({ ...clean, require_write_access_for_automation_triggers: false })],
}

it('has a planted deviation of every rule', () => {
  expect(Object.keys(planted).toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
})

describe.each(Object.entries(planted))('%s', (id, configurations) => {
  it.each(configurations.map((configuration) => [configuration]))(
    'finds its deviation, and no other rule finds one: %j',
    (configuration) => {
      expect(foundIn(configuration)).toEqual([id])
    },
  )
})

it('takes an entry whose reach is not known for not allowed and for denied', () => {
  const configuration = aConfiguration({
    ...clean,
    custom_allowlist: ['https://contoso.com@evil.net/'],
  })

  expect(foundIn(configuration)).toEqual(['firewall-allowed-hosts', 'firewall-denied-hosts'])
})

/** Configurations that keep every rule, in all their variety. */
const word = fc.stringMatching(/^[a-z]{2,12}$/)
const host = fc.oneof(
  fc.array(word, { maxLength: 3 }).map((labels) => [...labels, 'shop.contoso.com'].join('.')),
  fc
    .array(word, { minLength: 1, maxLength: 3 })
    .map((labels) => [...labels, 'contoso.dev'].join('.')),
  word.map((name) => `*.${name}.contoso.dev`),
  fc.array(word, { maxLength: 3 }).map((path) => `https://git.net/us/${path.join('/')}`),
)
const tools = fc.array(word, { maxLength: 4 })
const ordinary = fc.oneof(
  word,
  fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('-')),
  fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => `/${words.join('/')}`),
  fc.nat(99_999).map(String),
  fc.uuid(),
  fc.constantFrom('true', 'https://contoso.com/a?team=shop', 'v1.2.3', 'eu-central-1', ''),
)
const reference = fc
  .stringMatching(/^[A-Z]{1,9}$/)
  .chain((name) => fc.constantFrom(`$COPILOT_MCP_${name}`, `\${COPILOT_MCP_${name}}`))
const env = fc
  .dictionary(fc.constantFrom('REGION', 'LOG_LEVEL', 'WHERE'), ordinary)
  .chain((plain) =>
    fc.dictionary(fc.constantFrom('API_TOKEN', 'DB_PASSWORD'), reference).map((secret) => ({
      ...plain,
      ...secret,
    })),
  )
const server = fc.oneof(
  fc.record({
    type: fc.constantFrom('http', 'sse'),
    url: word.map((path) => `https://mcp.contoso.com/${path}`),
    tools,
    headers: fc.record({ Authorization: reference.map((text) => `Bearer ${text}`) }),
  }),
  fc.record({
    type: fc.constantFrom('local', 'stdio'),
    command: fc.constant('npx'),
    args: fc
      .tuple(word, fc.array(ordinary, { maxLength: 3 }))
      .map(([name, rest]) => ['-y', `@contoso/${name}`, ...rest]),
    tools,
    env,
  }),
  fc.record({
    type: fc.constant('local'),
    command: fc.constantFrom('docker', '/usr/bin/podman'),
    args: word.map((name) => ['run', '-i', '--rm', '-e', 'REGION', `ghcr.io/contoso/${name}:1.2`]),
    tools,
  }),
)
const cleanConfiguration = fc
  .record({
    servers: fc.dictionary(word, server, { maxKeys: 4 }),
    custom_allowlist: fc.array(host, { maxLength: 6 }),
    automations: fc.constantFrom([true, true], [false, true], [false, false]),
  })
  .map(({ servers, custom_allowlist, automations: [enabled = false, write = false] }) =>
    withServers(servers, {
      ...clean,
      custom_allowlist,
      is_automations_enabled: enabled,
      require_write_access_for_automation_triggers: write,
    }),
  )

it('invents no deviation in configurations that keep every rule', () => {
  fc.assert(
    fc.property(cleanConfiguration, (configuration) => {
      expect(foundIn(configuration)).toEqual([])
    }),
    { numRuns: 1000 },
  )
})

it('finds each planted deviation also where much else is configured', () => {
  const cases = Object.entries(planted).flatMap(([id, all]) =>
    all.map((configuration) => ({ id, configuration })),
  )
  fc.assert(
    fc.property(cleanConfiguration, fc.constantFrom(...cases), (other, { id, configuration }) => {
      const merged = {
        ...configuration,
        custom_allowlist: [...other.custom_allowlist, ...configuration.custom_allowlist],
        mcp_configuration: {
          mcpServers: {
            ...other.mcp_configuration?.mcpServers,
            ...configuration.mcp_configuration?.mcpServers,
          },
        },
      }
      expect(foundIn(merged)).toEqual([id])
    }),
    { numRuns: 500 },
  )
})

describe('what is mended', () => {
  const flags = fc.record({
    require_actions_workflow_approval: fc.boolean(),
    is_firewall_enabled: fc.boolean(),
    is_firewall_recommended_allowlist_enabled: fc.boolean(),
    is_automations_enabled: fc.boolean(),
    require_write_access_for_automation_triggers: fc.boolean(),
    custom_allowlist: fc.array(fc.oneof(host, fc.domain(), fc.string())),
  })
  const anyServer = fc.oneof(server, fc.record({ type: word, command: fc.string() }))
  const any = fc
    .tuple(flags, fc.dictionary(word, anyServer, { maxKeys: 4 }))
    .map(([given, servers]) => withServers(servers, given))
  const all = rules.map(({ id }) => id)
  const unmendable = ['mcp-tools-listed', 'mcp-secret-references', 'mcp-no-literal-secrets']

  it('keeps the rules afterwards, and never allows more than before', () => {
    fc.assert(
      fc.property(any, (before) => {
        const fix = fixConfiguration(policy, before, all)
        const after = { ...before, ...fix?.changes }
        expect(isNoWeaker(after, before)).toBe(true)
        expect(foundIn(after).filter((id) => !unmendable.includes(id))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('is nothing where all is well', () => {
    expect(fixConfiguration(policy, aConfiguration(clean), all)).toBeUndefined()
  })

  it('does not turn the recommended list on: that would allow more', () => {
    const wantsIt = compilePolicy({
      version: 1,
      rules: { 'firewall-recommended-allowlist': { enabled: true } },
    })

    expect(fixConfiguration(wantsIt, aConfiguration(clean), all)).toBeUndefined()
  })
})
