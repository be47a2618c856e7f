import { expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { evaluatePolicy, expiredExceptions } from './evaluate.ts'
import { aConfiguration, withServers } from './testing/a-configuration.ts'

const today = '2026-06-30'
const off = aConfiguration({ is_firewall_enabled: false })
const withException = (exception: object) =>
  compilePolicy({
    version: 1,
    rules: { 'firewall-enabled': 'error' },
    exceptions: [
      {
        repositories: ['acme/legacy-*'],
        rules: ['firewall-enabled'],
        reason: 'old',
        expires: today,
        ...exception,
      },
    ],
  })

it.each([
  ['acme/legacy-1', today, 0, 1],
  ['ACME/Legacy-1', today, 0, 1],
  ['acme/legacy-1', '2026-07-01', 1, 0],
  ['acme/shop', today, 1, 0],
  ['acme/legacy-1/x', today, 1, 0],
])('has %s on %s deviate %i times, and excepts %i', (repository, day, deviations, excepted) => {
  const found = evaluatePolicy(withException({}), repository, off, day)

  expect([found.deviations.length, found.excepted.length]).toEqual([deviations, excepted])
})

it('reports an exception from the day after its last', () => {
  const policy = withException({})

  expect(expiredExceptions(policy, today)).toEqual([])
  expect(expiredExceptions(policy, '2026-07-01')).toMatchObject([
    { rule: 'expired-exception', severity: 'warning', path: ['exceptions', 0] },
  ])
})

it('knows a deviation again at another place of a list, and another server of the same name not', () => {
  const policy = compilePolicy({
    version: 1,
    rules: { 'firewall-allowed-hosts': { allow: [] }, 'mcp-allowed-servers': { allow: [] } },
  })
  const prints = (custom_allowlist: string[], command: string) =>
    evaluatePolicy(
      policy,
      'acme/shop',
      withServers({ it: { type: 'local', command, args: [] } }, { custom_allowlist }),
      today,
    ).deviations.map(({ fingerprint }) => fingerprint)

  const [a, server] = prints(['a.com'], 'one')
  const [, again, changed] = prints(['b.com', 'a.com'], 'two')

  expect(again).toBe(a)
  expect(changed).not.toBe(server)
})

it('never has a secret in what it says', () => {
  const policy = compilePolicy({
    version: 1,
    rules: {
      'mcp-no-literal-secrets': 'error',
      'mcp-secret-references': 'error',
      'firewall-allowed-hosts': { allow: [] },
      'firewall-denied-hosts': { deny: ['contoso.com'] },
    },
  })
  const secret = 'q7Zt1Kp9Xw3Rb8Vd2Lm6Jh4Ns5'
  const servers = { it: { env: { TOKEN: secret }, url: `https://u:${secret}@contoso.com/` } }

  const custom_allowlist = [
    `https://u:${secret}@contoso.com/`,
    `https://contoso.com/?key=${secret}`,
  ]

  const found = evaluatePolicy(
    policy,
    'acme/shop',
    withServers(servers, { custom_allowlist }),
    today,
  )

  expect(new Set(found.deviations.map(({ rule }) => rule)).size).toBe(4)
  expect(JSON.stringify(found)).not.toContain(secret)
})
