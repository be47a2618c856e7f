import type { Finding } from '@errand/contract'

import { oneLine } from '../printable.ts'
import type { Run } from '../run/run.ts'
import type { Report } from './finding.ts'

/** Told of one tool: who needs more has enough to do. */
const mostFindings = 50
const longest = { path: 300, rule: 100, message: 500 }

/** Stores what a tool says, bounded and masked: findings are made of what an agent has written. */
export async function tellReport(run: Run, report: Report): Promise<Report> {
  const { tool, outcome } = report
  const findings = report.findings
    .slice(0, mostFindings)
    .map((finding) => tidy(run.mask.value(finding)))
  const message = report.message === undefined ? {} : { message: oneLine(report.message) }
  const finding_count = report.findings.length
  await run.record({
    type: 'session.validation',
    data: { tool, outcome, ...message, finding_count, findings },
  })
  return { tool, outcome, ...message, findings }
}

function tidy({ path, rule, message, ...rest }: Finding): Finding {
  return {
    ...rest,
    ...(path === undefined ? {} : { path: cut(path, longest.path) }),
    rule: cut(rule, longest.rule),
    message: cut(message, longest.message),
  }
}

function cut(text: string, limit: number): string {
  const line = oneLine(text)
  return line.length <= limit ? line : `${line.slice(0, limit - 1).toWellFormed()}…`
}
