import { csvCell } from '../present/csv-cell.ts'
import type { ReportRow } from './report.ts'

const columns = [
  'repository',
  'state',
  'pull_request_url',
  'pull_request_title',
  'pull_request_state',
  'checks',
  'ai_credits',
  'premium_requests',
  'task_url',
  'sent_at',
  'seconds',
  'reason',
  'problems',
] as const satisfies (keyof ReportRow)[]

/** A line for each repository, for a spreadsheet. */
export function presentCsv(rows: readonly ReportRow[]): string {
  const lines = rows.map((row) => columns.map((column) => textOf(row[column])))
  return [[...columns], ...lines].map((line) => `${line.map(csvCell).join(',')}\n`).join('')
}

function textOf(value: ReportRow[keyof ReportRow]): string {
  return Array.isArray(value) ? value.join('; ') : String(value ?? '')
}
