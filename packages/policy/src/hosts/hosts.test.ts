import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers } from './covers.ts'
import { overlaps } from './overlaps.ts'
import { parseReach, type Reach } from './parse-reach.ts'

// Each is known to be readable where it is used.
const reach = (text: string): Reach => parseReach(text) as Reach

it.each([
  ['contoso.com', 'contoso.com', true],
  ['contoso.com', 'a.b.contoso.com', true],
  ['contoso.com', 'CONTOSO.com.', true],
  ['contoso.com', '*.contoso.com', true],
  ['contoso.com', 'https://contoso.com/a', true],
  ['contoso.com', 'evilcontoso.com', false],
  ['contoso.com', 'contoso.com.evil.net', false],
  ['contoso.com', 'com', false],
  ['contoso.com', '*.com', false],
  ['contoso.com', 'соntoso.com', false],
  ['bücher.example', 'xn--bcher-kva.example', true],
  ['*.contoso.com', 'contoso.com', false],
  ['*.contoso.com', 'a.contoso.com', true],
  ['https://contoso.com/', 'contoso.com', false],
  ['https://contoso.com', 'https://contoso.com/any', true],
  ['https://contoso.com/', 'https://a.contoso.com/', false],
  ['https://contoso.com/', 'http://contoso.com/', false],
  ['https://contoso.com/', 'https://contoso.com:8443/', false],
  ['https://contoso.com/', 'https://contoso.com:443/x', true],
  ['https://contoso.com/team', 'https://contoso.com/team/a', true],
  ['https://contoso.com/team', 'https://contoso.com/teams', false],
  ['https://contoso.com/team/', 'https://contoso.com/team/../x', false],
  ['https://contoso.com/team/', 'https://contoso.com/team/%2e%2e/x', false],
  ['https://contoso.com/team/', 'https://contoso.com/team/$COPILOT_MCP_X', false],
  ['contoso.com/team/', 'https://contoso.com/team/a', true],
  ['contoso.com/team/', 'contoso.com', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '0x0a000001', true],
  ['10.0.0.1', '10.0.0.10', false],
  ['*', 'anything.example', true],
])('%s covers %s: %s', (outer, inner, expected) => {
  expect(covers(reach(outer), reach(inner))).toBe(expected)
})

it.each([
  ['pastebin.com', 'com', true],
  ['pastebin.com', 'api.pastebin.com', true],
  ['pastebin.com', 'https://pastebin.com/raw/', true],
  ['*.pastebin.com', 'pastebin.com', true],
  ['*.pastebin.com', 'https://pastebin.com/', false],
  ['pastebin.com', 'notpastebin.com', false],
  ['https://pastebin.com/raw/', 'https://pastebin.com/about', false],
  ['https://pastebin.com/raw/', 'pastebin.com', true],
  ['contoso.com', '*', true],
])('%s and %s overlap: %s', (one, other, expected) => {
  expect([overlaps(reach(one), reach(other)), overlaps(reach(other), reach(one))]).toEqual([
    expected,
    expected,
  ])
})

it.each([
  'https://contoso.com@evil.net/',
  'https://contoso.com\\@evil.net',
  'con toso.com',
  'https://$COPILOT_MCP_HOST/',
  'https://contoso.com$COPILOT_MCP_X/',
  'a*.contoso.com',
  'contoso.com/a%2fb',
  'ftp://contoso.com/',
  'contoso.com?x',
  '',
  '.',
  'a..b',
])('does not pretend to know what %s reaches', (text) => {
  expect(parseReach(text)).toBeUndefined()
})

const name = fc
  .array(fc.constantFrom('a', 'b', 'com', 'net'), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'))
const entry = fc.oneof(
  name,
  name.map((host) => `*.${host}`),
  fc
    .tuple(fc.constantFrom('http', 'https'), name, fc.constantFrom('', '/', '/x', '/x/', '/x/y'))
    .map(([scheme, host, path]) => `${scheme}://${host}${path}`),
)

it('covers what it is, only what it overlaps, and whatever that covers', () => {
  fc.assert(
    fc.property(entry, entry, entry, (a, b, c) => {
      expect(covers(reach(a), reach(a))).toBe(true)
      const [outer, inner, innermost] = [reach(a), reach(b), reach(c)]
      const isCovered = covers(outer, inner)
      expect(!isCovered || overlaps(outer, inner)).toBe(true)
      expect(!isCovered || !covers(inner, innermost) || covers(outer, innermost)).toBe(true)
    }),
    { numRuns: 3000 },
  )
})
