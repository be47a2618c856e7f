import { SessionFailed } from '../failures.ts'
import type { Report } from './finding.ts'
import { describe } from './findings-prompt.ts'

/** Of the message of a session; its log has the others. */
const mostNamed = 5

/**
 * A secret stops the push, and so does what could not be scanned: else whoever breaks the scanner would be
 * past it.
 *
 * @throws SessionFailed secret_found, not_scanned
 */
export function requireNoSecret(reports: readonly Report[]): void {
  const report = reports.find(({ tool }) => tool === 'secret_scanning')
  if (report === undefined) return
  if (report.outcome === 'failed') {
    const why = report.message ?? 'the scanner failed'
    throw new SessionFailed('not_scanned', `The work could not be scanned for secrets: ${why}`)
  }
  const { findings } = report
  if (findings.length === 0) return
  const named = findings.slice(0, mostNamed).map(describe).join('; ')
  const more = findings.length > mostNamed ? `; and ${findings.length - mostNamed} more` : ''
  throw new SessionFailed('secret_found', `There is a secret in the work: ${named}${more}.`)
}
