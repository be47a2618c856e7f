import { markdownCell } from '../../present/markdown-cell.ts'
import { printableLine } from '../../terminal/printable.ts'
import { type AuditReport, placeOf, summaryOf } from '../report.ts'

/** A report for a ticket or a job's summary. */
export function presentMarkdown(report: AuditReport): string {
  return [
    '# Audit of agent configurations',
    '',
    summaryOf(report),
    '',
    ...table(
      ['repository', 'severity', 'rule', 'place', 'what'],
      report.deviations.map((item) => [
        item.repository ?? 'the policy',
        item.severity,
        item.rule,
        placeOf(item),
        item.message,
      ]),
    ),
    ...section(
      'Could not be checked',
      ['repository', 'rule', 'reason'],
      report.unchecked.map(({ repository, rule = '', reason }) => [repository, rule, reason]),
    ),
    ...section(
      'Excepted',
      ['repository', 'rule', 'reason', 'until'],
      report.excepted.map(({ repository = '', rule, reason, expires }) => [
        repository,
        rule,
        reason,
        expires,
      ]),
    ),
  ].join('\n')
}

function section(title: string, header: string[], rows: string[][]): string[] {
  return rows.length === 0 ? [] : [`## ${title}`, '', ...table(header, rows)]
}

function table(header: string[], rows: string[][]): string[] {
  if (rows.length === 0) return []
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(cellOf))]
  return [...lines.map((line) => `| ${line.join(' | ')} |`), '']
}

/** Nobody is called by what stands in a configuration: an `@` would tell a whole team. */
function cellOf(text: string): string {
  return markdownCell(printableLine(text)).replaceAll('@', '&#64;')
}
