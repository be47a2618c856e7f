import { markdownCell } from '../present/markdown-cell.ts'
import { formatDuration } from '../terminal/duration.ts'
import { describeCounts } from './count-progress.ts'
import type { Report, ReportRow } from './report.ts'
import { describeRowCost, summarizeCost } from './report-cost.ts'

/** A table for a ticket. */
export function presentMarkdown({ name, counts, repositories: rows }: Report): string {
  const cost = summarizeCost(rows)
  return [
    `# ${name}`,
    '',
    `${describeCounts(counts)}, of ${rows.length}.${cost === '' ? '' : ` Cost: ${cost}.`}`,
    '',
    '| repository | state | pull request | its state | checks | cost | time | reason |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${cellsOf(row).map(markdownCell).join(' | ')} |`),
    '',
  ].join('\n')
}

function cellsOf(row: ReportRow): string[] {
  return [
    row.repository,
    row.state,
    row.pull_request_url ?? '',
    row.pull_request_state ?? '',
    row.checks ?? '',
    describeRowCost(row),
    row.seconds === null ? '' : formatDuration(row.seconds * 1000),
    [...(row.reason === null ? [] : [row.reason]), ...row.problems].join('; '),
  ]
}
