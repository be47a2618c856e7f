import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { secretKindOf } from './looks-like-secret.ts'

const rest = 'aB3dE5gH7jK9mN1pQ2sT4vW6xY8z'
/** Put together here, so that no scanner takes this file for a leak. */
const tokens = [
  ['ghp_', rest + rest],
  ['github_', `pat_${rest}_${rest}`],
  ['glpat-', rest],
  ['sk-', `ant-${rest}`],
  ['AKIA', 'ABCDEFGHIJ234567'],
  ['AIza', `${rest}abcdefg`],
  ['xoxb-', '1234567890-abcdefghij'],
  ['sk_live_', rest],
  ['npm_', rest + rest],
  ['dckr_', `pat_${rest}`],
  ['SG.', `${rest}.${rest}`],
  ['hf_', rest + rest],
  ['hvs.', rest],
  ['eyJ', `hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${rest}`],
  ['-----BEGIN ', 'RSA PRIVATE KEY-----'],
]

it.each(tokens)('knows what begins with %s', (prefix, token) => {
  expect(secretKindOf(`before ${prefix}${token} after`)).toBeDefined()
})

it('knows most random values by their look', () => {
  const base62 = fc.stringMatching(/^[A-Za-z0-9]{40}$/)
  const hex = fc.stringMatching(/^[0-9a-f]{40}$/)
  for (const values of [base62, hex]) {
    const found = fc
      .sample(values, { numRuns: 500, seed: 1 })
      .filter((text) => secretKindOf(text) !== undefined)
    expect(found.length).toBeGreaterThan(430)
  }
})

it.each([
  'ghcr.io/contoso/mcp@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'git+https://github.com/contoso/mcp#da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'sk-learn-model-server-for-everybody',
  'pypi-mirror-of-the-platform-team-in-the-second-data-center-north',
  '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  'ModelContextProtocolServer2024EnterpriseEdition',
  '@modelcontextprotocol/server-sequential-thinking@2025.7.1',
  'https://contoso.atlassian.net/wiki/spaces/ENG/pages/1234567890/How+we+work',
  'arn:aws:iam::123456789012:role/ContosoAgentReadOnly',
  'java.util.concurrent.ConcurrentHashMap',
  '/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30',
  'mcr.microsoft.com/dotnet/sdk:8.0.204-alpine3.19-amd64',
  'abcdefghijklmnopqrstuvwxyz0123456789',
  '0123456789012345678901234567890123456789',
])('takes %s for no secret', (text) => {
  expect(secretKindOf(text)).toBeUndefined()
})

it.each(['ghp_', 'glpat-', 'sk-', 'npm_', 'hf_', 'pypi-', 'xoxb-', 'AKIA', 'eyJ', 'sk_live_'])(
  'takes no words after %s for a secret',
  (prefix) => {
    const words = fc
      .array(fc.stringMatching(/^[a-z]{2,8}$/), { minLength: 1, maxLength: 8 })
      .map((parts) => prefix + parts.join('/'))
    fc.assert(fc.property(words, (text) => secretKindOf(text) === undefined))
  },
)

it('takes no name, path, version, id or URL for a secret', () => {
  const word = fc.constantFrom(
    ...'alpha Beta gamma Delta server client token Reader writer service Cloud agent model West east prod Test build cache Queue store'.split(
      ' ',
    ),
  )
  const joined = fc
    .tuple(
      fc.constantFrom('', '-', '_', '/', '.', ' ', ':', ','),
      fc.array(word, { minLength: 1, maxLength: 9 }),
    )
    .map(([by, words]) => words.join(by))
  const version = fc
    .tuple(fc.nat(99), fc.nat(99), fc.nat(999))
    .map((parts) => `v${parts.join('.')}`)
  const ordinary = fc.oneof(
    joined,
    version,
    fc.uuid(),
    fc.integer().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.tuple(joined, version).map((parts) => parts.join('@')),
    fc.tuple(joined, fc.nat(99_999)).map((parts) => parts.join('')),
    fc.ipV4(),
    fc.tuple(word, word, fc.nat()).map(([a, b, n]) => `https://${a}.example.com/${b}/${n}?page=2`),
  )
  fc.assert(
    fc.property(ordinary, (text) => {
      expect(secretKindOf(text)).toBeUndefined()
    }),
    { numRuns: 5000 },
  )
})

it('is done with hostile text at once', () => {
  const began = performance.now()
  for (const text of ['a1B'.repeat(400_000), '-----BEGIN '.repeat(90_000), 'ey'.repeat(500_000)]) {
    secretKindOf(text)
  }

  expect(performance.now() - began).toBeLessThan(2000)
})
