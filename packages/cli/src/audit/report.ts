import { type Deviation, expiredExceptionRule, type Severity } from '@errand/policy'
import type { AuditPolicy } from './read-policy.ts'

/** A repository, or one rule in it, that is not known to be as the policy wants it. */
export interface Unchecked {
  repository: string
  rule?: string
  reason: string
}

/** What an audit has found. */
export interface AuditReport {
  server: string
  policy: AuditPolicy
  at: Date
  repositories: readonly string[]
  /** New ones: those of the baseline are apart. */
  deviations: Deviation[]
  accepted: Deviation[]
  excepted: (Deviation & { reason: string; expires: string })[]
  unchecked: Unchecked[]
  requests: { sent: number; not_modified: number }
}

/** As every place that judges a run has them: 2 goes before 1. */
export function exitCodeOf({ deviations, unchecked }: AuditReport): 0 | 1 | 2 {
  if (unchecked.length > 0) return 2
  return deviations.length > 0 ? 1 : 0
}

export interface ReportedRule {
  id: string
  title: string
  explanation: string
  severity: Severity
}

/** The rules that were asked, and the one about the policy itself. */
export function rulesOf({ policy }: AuditReport): ReportedRule[] {
  return [...policy.compiled.rules, expiredExceptionRule].map(
    ({ id, title, explanation, severity }) => ({ id, title, explanation, severity }),
  )
}

/** `mcp_configuration.mcpServers.sentry.args[2]`; empty for the whole. */
export function placeOf({ path }: Deviation): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : part))
    .join('.')
    .replaceAll('.[', '[')
}

/** One sentence with all the sums. */
export function summaryOf(report: AuditReport): string {
  const { repositories, deviations, accepted, excepted, unchecked } = report
  const deviating = new Set(deviations.map(({ repository }) => repository)).size
  const uncheckable = new Set(unchecked.map(({ repository }) => repository)).size
  const parts = [
    countOf(repositories.length, 'repository', 'repositories'),
    deviations.length === 0
      ? 'no deviation'
      : `${countOf(deviations.length, 'deviation')} in ${deviating}`,
    ...(accepted.length > 0 ? [`${accepted.length} accepted by the baseline`] : []),
    ...(excepted.length > 0 ? [`${excepted.length} excepted`] : []),
    ...(uncheckable > 0 ? [`${uncheckable} could not be checked`] : []),
  ]
  return `${parts.join(', ')}.`
}

function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
