import type { Deviation, Severity } from '@errand/policy'
import { printableLine } from '../../terminal/printable.ts'
import { jsonText } from './json-text.ts'
import { type AuditReport, exitCodeOf, placeOf, type ReportedRule, rulesOf } from '../report.ts'

/** GitHub's code scanning sorts by it what is tagged `security`. */
const securitySeverity: Record<Severity, string> = { error: '7.5', warning: '5.0', note: '2.0' }

/**
 * SARIF 2.1.0. Each result stands at its rule in the policy file, which is a file of the repository the
 * audit runs in, as code scanning needs it; where it is in the configuration is its logical location.
 */
export function presentSarif(report: AuditReport, version: string): string {
  const rules = rulesOf(report)
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'errand audit', version, rules: rules.map(presentRule) } },
        automationDetails: { id: 'errand-audit/' },
        invocations: [presentInvocation(report)],
        columnKind: 'utf16CodeUnits',
        results: report.deviations.map((item) => presentResult(report, rules, item)),
      },
    ],
  }
  return jsonText(log)
}

function presentRule({ id, title, explanation, severity }: ReportedRule) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: explanation },
    help: { text: explanation },
    defaultConfiguration: { level: severity },
    properties: { tags: ['security'], 'security-severity': securitySeverity[severity] },
  }
}

/** A repository that could not be read has no result: so it must stand here that the run is not whole. */
function presentInvocation(report: AuditReport) {
  return {
    executionSuccessful: report.unchecked.length === 0,
    exitCode: exitCodeOf(report),
    endTimeUtc: report.at.toISOString(),
    toolExecutionNotifications: report.unchecked.map(({ repository, rule, reason }) => ({
      level: 'error',
      message: {
        text: escapeText(`${repository}: ${rule === undefined ? '' : `${rule}: `}${reason}`),
      },
      ...(rule === undefined ? {} : { associatedRule: { id: rule } }),
      locations: [{ logicalLocations: [{ fullyQualifiedName: repository, kind: 'repository' }] }],
    })),
  }
}

function presentResult(
  { policy }: AuditReport,
  rules: readonly ReportedRule[],
  deviation: Deviation,
) {
  const { rule, severity, repository = 'the policy', message, fingerprint } = deviation
  const place = placeOf(deviation)
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: escapeText(`${repository}: ${message}`) },
    partialFingerprints: { 'errandDeviation/v1': fingerprint },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(policy.file ?? 'policy.yml') },
          region: { startLine: policy.lineOf(deviation) },
        },
        logicalLocations: [
          {
            name: String(deviation.path.at(-1) ?? repository),
            fullyQualifiedName: place === '' ? repository : `${repository}/${place}`,
            kind: 'configuration',
          },
        ],
      },
    ],
  }
}

/** Below where the audit runs; a file outside has only its name. */
function uriOf(path: string): string {
  const parts = path.split(/[\\/]/)
  const inside = parts.includes('..') || path.startsWith('/') ? parts.slice(-1) : parts
  return inside.map(encodeURIComponent).join('/')
}

/** Brackets in a message are links (SARIF 3.11.6), and what stands in a configuration must not be one. */
function escapeText(text: string): string {
  return printableLine(text).replace(/[\\[\]]/g, (character) => `\\${character}`)
}
