import type { Severity } from '@errand/policy'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { type AuditReport, placeOf, summaryOf } from '../report.ts'

const styles = { error: 'red', warning: 'yellow', note: 'cyan' } as const satisfies Record<
  Severity,
  string
>

/** A rule's id and some space; the longest of ours has 30 characters. */
const ruleWidth = 32

/** For a person: what is wrong under the name of each repository. For a pipe: a line with tabs for each. */
export function presentTable(
  report: AuditReport,
  { isInteractive, paint }: Pick<Terminal, 'isInteractive' | 'paint'>,
): string {
  return isInteractive ? presentGroups(report, paint) : presentLines(report)
}

function presentGroups(report: AuditReport, paint: Terminal['paint']): string {
  const groups = new Map<string, string[]>()
  const add = (repository: string, line: string): void => {
    groups.set(repository, [...(groups.get(repository) ?? []), line])
  }
  for (const deviation of report.deviations) {
    const { severity, rule, message } = deviation
    const level = paint(styles[severity], severity.padEnd(8))
    const place = placeOf(deviation)
    const where = place === '' ? '' : `  ${paint('dim', printableLine(place))}`
    const id = rule.padEnd(ruleWidth)
    add(deviation.repository ?? 'the policy', `  ${level}${id}${printableLine(message)}${where}`)
  }
  for (const { repository, rule = '', reason } of report.unchecked) {
    const level = paint('magenta', 'unknown '.padEnd(8))
    add(repository, `  ${level}${rule.padEnd(ruleWidth)}${printableLine(reason)}`)
  }
  const parts = [...groups].map(
    ([repository, lines]) => `${paint('bold', printableLine(repository))}\n${lines.join('\n')}\n\n`,
  )
  return `${parts.join('')}${summaryOf(report)}\n`
}

function presentLines(report: AuditReport): string {
  const rows = [
    ...report.deviations.map((item) => [
      item.repository ?? '',
      item.severity,
      item.rule,
      placeOf(item),
      item.message,
    ]),
    ...report.unchecked.map((item) => [
      item.repository,
      'unknown',
      item.rule ?? '',
      '',
      item.reason,
    ]),
  ]
  return rows.map((row) => `${row.map(printableLine).join('\t')}\n`).join('')
}
