import addFormats from 'ajv-formats'
import AjvDraft04 from 'ajv-draft-04'
import { parse as parseCsv } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compilePolicy, rules } from '@errand/policy'
import { createPaint } from '../../terminal/colours.ts'
import type { AuditReport } from '../report.ts'
import { auditFormats } from './names.ts'
import { formatOfFile, presentAudit } from './present.ts'

const policy = compilePolicy({
  version: 1,
  rules: Object.fromEntries(
    rules.map(({ id }) => [
      id,
      { 'firewall-denied-hosts': { deny: ['x.com'] } }[id] ??
        (['firewall-allowed-hosts', 'mcp-allowed-servers'].includes(id) ? { allow: [] } : 'error'),
    ]),
  ),
})

/** A report in which everything that comes from outside is this text. */
function aReport(text: string): AuditReport {
  const deviation = {
    rule: 'firewall-allowed-hosts',
    severity: 'error',
    repository: 'acme/shop',
    path: ['custom_allowlist', 0, text],
    message: text,
    fingerprint: '0123456789abcdef',
  } as const
  const ofPolicy = { ...deviation, rule: 'expired-exception', message: text }
  const { repository: _, ...withoutRepository } = ofPolicy
  return {
    server: 'https://api.github.com',
    policy: { compiled: policy, values: {}, file: 'policies/a b.yml', lineOf: () => 7 },
    at: new Date('2026-01-01T00:00:00Z'),
    repositories: ['acme/shop', 'acme/gone'],
    deviations: [deviation, withoutRepository],
    accepted: [],
    excepted: [{ ...deviation, reason: text, expires: '2026-02-01' }],
    unchecked: [
      { repository: 'acme/gone', reason: text },
      { repository: 'acme/shop', rule: 'automations', reason: text },
    ],
    requests: { sent: 2, not_modified: 0 },
  }
}

const hostile = [
  '\u001b]0;owned\u0007\u001b[2J\u001b[31mred',
  '=HYPERLINK("https://evil.example","click")',
  "  @SUM(1+1)*cmd|' /C calc'!A0",
  '</failure></testcase>]]><script>alert(1)</script>\u0000\uFFFE\uD800',
  '[click](javascript:alert(1)) ![x](https://evil.example/x.png) @acme/everyone | a | `b` <b>',
  'two\nlines\r\nand\ttabs \u202Eabc\u2028',
]

it('is SARIF by the schema of OASIS, whatever stands in a configuration', () => {
  // As published by OASIS (2.1.0-rtm.5), taken from the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT).
  const file = new URL('../../../../../test/fixtures/sarif-2.1.0.schema.json', import.meta.url)
  const ajv = new AjvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  const isValid = (text: string): boolean => {
    const valid = validate(JSON.parse(presentAudit(aReport(text), 'sarif')))
    expect(validate.errors).toBeNull()
    return valid
  }

  expect(hostile.map(isValid)).toEqual(hostile.map(() => true))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), isValid), { numRuns: 200 })
  // The schema does find what is wrong.
  expect(validate({ version: '2.1.0', runs: [{}] })).toBe(false)
})

it('has in SARIF each rule, its level, its place in the policy and in the configuration', () => {
  const log = JSON.parse(presentAudit(aReport('x'), 'sarif')) as {
    runs: [{ results: object[]; tool: { driver: { rules: { id: string }[] } } }]
  }
  const [{ results, tool }] = log.runs

  expect(tool.driver.rules.map(({ id }) => id)).toEqual([
    ...rules.map(({ id }) => id),
    'expired-exception',
  ])
  expect(log).toMatchObject({
    runs: [
      {
        invocations: [
          {
            executionSuccessful: false,
            exitCode: 2,
            toolExecutionNotifications: [{ message: { text: 'acme/gone: x' } }, {}],
          },
        ],
      },
    ],
  })
  expect(results[0]).toMatchObject({
    ruleId: 'firewall-allowed-hosts',
    ruleIndex: 2,
    level: 'error',
    message: { text: 'acme/shop: x' },
    partialFingerprints: { 'errandDeviation/v1': '0123456789abcdef' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'policies/a%20b.yml' },
          region: { startLine: 7 },
        },
        logicalLocations: [{ fullyQualifiedName: 'acme/shop/custom_allowlist[0].x' }],
      },
    ],
  })
})

it.each(auditFormats)('lets nothing of a configuration move a cursor: %s', (format) => {
  for (const isInteractive of [true, false]) {
    const text = hostile
      .map((item) =>
        presentAudit(aReport(item), format, { isInteractive, paint: createPaint(false) }),
      )
      .join('')

    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  }
})

it('has no formula in CSV, and every text in one cell', () => {
  for (const text of hostile) {
    const rows = parseCsv(presentAudit(aReport(text), 'csv'))

    expect(rows.map((row) => row.length)).toEqual(rows.map(() => 7))
    expect(rows.flat().filter((cell) => /^\s*[=+\-@\t\r]/.test(cell))).toEqual([])
  }
})

it('has no markup of others in Markdown, and tells nobody', () => {
  const text = hostile.map((item) => presentAudit(aReport(item), 'markdown')).join('')

  expect(text).not.toMatch(/(?<!\\)(\[click|<script|<b>|`b`|!\[)/)
  expect(text).not.toContain('@acme')
  const rows = text.split('\n').filter((line) => line.startsWith('| acme'))
  expect(rows.every((row) => [4, 5, 6].includes(row.match(/(?<!\\)\|/g)?.length ?? 0))).toBe(true)
})

it('is XML for JUnit, with a case for each rule and an error where nothing could be read', () => {
  for (const text of hostile) {
    const xml = presentAudit(aReport(text), 'junit')
    const inner = xml.replace(
      /<\?xml [^<>]*\?>|<\/?(testsuites?|testcase|failure|error)( [a-z]+="[^"<>&]*(&[#a-z0-9]+;[^"<>&]*)*")*\/?>/g,
      '',
    )

    // Nothing is left but the space between elements.
    expect(inner.trim()).toBe('')
    expect(xml.match(/<testcase /g)).toHaveLength(rules.length + 2)
    expect(xml).toContain('errors="2"')
  }
})

it.each([
  ['a.sarif', 'sarif'],
  ['a.sarif.json', 'sarif'],
  ['a.JSON', 'json'],
  ['a.md', 'markdown'],
  ['a.xml', 'junit'],
  ['a.csv', 'csv'],
  ['a.txt', 'table'],
])('writes %s as %s', (path, format) => {
  expect(formatOfFile(path)).toBe(format)
})
