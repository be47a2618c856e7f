import { jsonText } from './json-text.ts'
import { type AuditReport, exitCodeOf, placeOf, rulesOf } from '../report.ts'

/** For scripts: all that is known. */
export function presentJson(report: AuditReport): string {
  const { server, policy, at, repositories, unchecked, requests } = report
  const withPlace = (item: AuditReport['deviations'][number]) => ({ ...item, place: placeOf(item) })
  const value = {
    server,
    policy: policy.file ?? null,
    created_at: at.toISOString(),
    exit_code: exitCodeOf(report),
    repositories: repositories.length,
    requests,
    rules: rulesOf(report),
    deviations: report.deviations.map(withPlace),
    accepted: report.accepted.map(withPlace),
    excepted: report.excepted.map(withPlace),
    unchecked,
  }
  return jsonText(value)
}
