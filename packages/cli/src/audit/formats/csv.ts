import { csvCell } from '../../present/csv-cell.ts'
import { printableLine } from '../../terminal/printable.ts'
import { type AuditReport, placeOf } from '../report.ts'

const header = ['repository', 'status', 'severity', 'rule', 'place', 'message', 'fingerprint']

/** A line for each finding, for a spreadsheet: what is accepted or excepted too. */
export function presentCsv(report: AuditReport): string {
  const rows = [
    ...withStatus('deviation', report.deviations),
    ...withStatus('accepted', report.accepted),
    ...withStatus('excepted', report.excepted),
    ...report.unchecked.map((item) => [
      item.repository,
      'unchecked',
      '',
      item.rule ?? '',
      '',
      item.reason,
      '',
    ]),
  ]
  return [header, ...rows]
    .map((row) => `${row.map((cell) => csvCell(printableLine(cell))).join(',')}\n`)
    .join('')
}

function withStatus(status: string, deviations: AuditReport['deviations']): string[][] {
  return deviations.map((item) => [
    item.repository ?? '',
    status,
    item.severity,
    item.rule,
    placeOf(item),
    item.message,
    item.fingerprint,
  ])
}
