import { formatDuration } from '../terminal/duration.ts'
import { describeCounts } from './count-progress.ts'
import type { Report, ReportRow } from './report.ts'
import { drawOutcomes, drawOverTime } from './report-chart.ts'
import { describeRowCost, summarizeCost } from './report-cost.ts'
import { escapeHtml, linkOf } from './report-escape.ts'
import { reportStyle } from './report-style.ts'

const headings = ['Repository', 'State', 'Pull request', 'Checks', 'Cost', 'Time', 'Reason']

/**
 * One file that shows a campaign in a browser: no script, and nothing is loaded from anywhere, which its
 * policy says as well.
 */
export function presentHtml(report: Report): string {
  const { name, counts, created_at: createdAt, server, repositories: rows } = report
  const cost = summarizeCost(rows)
  const begun = `Begun ${createdAt} on ${server}.${cost === '' ? '' : ` Cost: ${cost}.`}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title>
<style>${reportStyle}</style>
</head>
<body>
<h1>${escapeHtml(name)}</h1>
<p>${escapeHtml(`${describeCounts(counts)}, of ${rows.length}.`)}<br>
<span class="quiet">${escapeHtml(begun)}</span></p>
${drawOutcomes(counts)}
${drawOverTime(rows)}
<table>
<thead><tr>${headings.map((heading) => `<th scope="col">${heading}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(presentRow).join('\n')}
</tbody>
</table>
</body>
</html>
`
}

function presentRow(row: ReportRow): string {
  const problems = [...(row.reason === null ? [] : [row.reason]), ...row.problems]
  const cells = [
    linkOf(row.repository, row.task_url),
    `<span class="state ${row.state}">${escapeHtml(row.state.replaceAll('_', ' '))}</span>`,
    presentPull(row),
    escapeHtml(row.checks ?? ''),
    escapeHtml(describeRowCost(row)),
    row.seconds === null ? '' : formatDuration(row.seconds * 1000),
    escapeHtml(problems.join('; ')),
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function presentPull(row: ReportRow): string {
  const { pull_request_url: url, pull_request_title: title, pull_request_state: state } = row
  if (url === null) return ''
  const number = /\d+$/.exec(url)?.[0]
  const text = [number === undefined ? url : `#${number}`, title ?? ''].join(' ').trim()
  const said = state === null ? '' : ` <span class="quiet">${state}</span>`
  return `${linkOf(text, url)}${said}`
}
