import { printableLine } from '../../terminal/printable.ts'
import { type AuditReport, rulesOf } from '../report.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** For a CI server: a suite for each repository, a case for each rule. */
export function presentJunit(report: AuditReport): string {
  const rules = rulesOf(report).map(({ id }) => id)
  const suites = [...report.repositories, undefined].map((repository) =>
    suiteOf(report, rules, repository),
  )
  const sums = `failures="${report.deviations.length}" errors="${report.unchecked.length}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="errand audit" ${sums}>\n${suites.join('')}</testsuites>\n`
}

/** Of a repository, or of the policy itself. */
function suiteOf(
  report: AuditReport,
  rules: readonly string[],
  repository: string | undefined,
): string {
  const deviations = report.deviations.filter((item) => item.repository === repository)
  const unchecked = report.unchecked.filter((item) => item.repository === repository)
  const name = escapeXml(repository ?? 'the policy')
  const unread = unchecked.find(({ rule }) => rule === undefined)
  const asked = repository === undefined ? ['expired-exception'] : rules.slice(0, -1)
  const cases = (unread === undefined ? asked : ['configuration']).map((id) => {
    const failures = deviations
      .filter(({ rule }) => rule === id)
      .map(
        ({ severity, message }) => `<failure type="${severity}" message="${escapeXml(message)}"/>`,
      )
    const errors = unchecked
      .filter(({ rule = 'configuration' }) => rule === id)
      .map(({ reason }) => `<error type="unchecked" message="${escapeXml(reason)}"/>`)
    const inner = [...failures, ...errors].join('')
    const attributes = `classname="${name}" name="${escapeXml(id)}"`
    return inner === ''
      ? `    <testcase ${attributes}/>\n`
      : `    <testcase ${attributes}>${inner}</testcase>\n`
  })
  const sums = `tests="${cases.length}" failures="${deviations.length}" errors="${unchecked.length}"`
  return `  <testsuite name="${name}" ${sums}>\n${cases.join('')}  </testsuite>\n`
}

/** What XML 1.0 cannot have at all, not even written as an entity, becomes a question mark. */
function escapeXml(text: string): string {
  return printableLine(text)
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '?')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
