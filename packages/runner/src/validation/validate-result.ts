import { type CloudAgentConfiguration, type Finding, ValidationTool } from '@errand/contract'
import type { SessionValues } from '@errand/core'

import type { Box } from '../box/index.ts'
import { GitFailed } from '../git/git.ts'
import type { Result } from '../result/collect-result.ts'
import type { Run } from '../run/run.ts'
import type { Checkout } from '../workspace/check-out.ts'
import { scanCode } from './code-scanning/scan-code.ts'
import { checkDependencies } from './dependencies/check-dependencies.ts'
import { type Report, ToolFailed } from './finding.ts'
import { type ReviewParts, reviewWork } from './review/review-work.ts'
import { scanSecrets } from './secrets/scan-secrets.ts'
import { tellReport } from './tell-report.ts'
import { toolNames } from './tool-names.ts'

/** What the tools look at. */
export interface Validated {
  /** With the work in it. Absent where nothing more is to run there. */
  box?: Box
  /** For another agent. Absent where none is to be started. */
  parts?: ReviewParts
  result: Result
  checkout: Checkout
  values: SessionValues
  /** What else will be said of the work. */
  said: string
}

/** Gives what was found; undefined where the runner has not what the tool needs. */
type Tool = (run: Run, work: Validated) => Promise<Finding[] | undefined>

const tools: Record<ValidationTool, Tool> = {
  secret_scanning: findSecrets,
  dependency_vulnerability_checks: checkDependencies,
  codeql: scanCode,
  copilot_code_review: reviewWork,
}

async function findSecrets(
  run: Run,
  { result, checkout, values, said }: Validated,
): Promise<Finding[]> {
  const { findings, values: found } = await scanSecrets(result.commit, {
    gitDir: result.gitDir,
    signal: run.signal,
    startCommit: checkout.startCommit,
    given: values.secrets,
    allow: run.context.settings.validation.secret_scanning.allow,
    said,
  })
  run.mask.hideMore(found)
  return findings
}

/**
 * Lets the tools that are enabled look at a result that is about to be pushed, and tells of each what it says.
 * A tool that fails is told of as well; what follows from that is the caller's to say.
 */
export async function validateResult(
  run: Run,
  work: Validated,
  enabled: CloudAgentConfiguration['enabled_tools'],
  only: readonly ValidationTool[] = ValidationTool.options,
): Promise<Report[]> {
  const reports: Report[] = []
  for (const tool of only.filter((one) => enabled[one])) {
    reports.push(await tellReport(run, await reportOf(run, work, tool)))
  }
  return reports
}

async function reportOf(run: Run, work: Validated, tool: ValidationTool): Promise<Report> {
  try {
    const findings = await tools[tool](run, work)
    if (findings === undefined) {
      const message = `The runner is not configured for ${toolNames[tool]}.`
      return { tool, outcome: 'not_available', message, findings: [] }
    }
    return { tool, outcome: findings.length === 0 ? 'passed' : 'findings', findings }
  } catch (error) {
    run.signal.throwIfAborted()
    const isExpected = error instanceof ToolFailed || error instanceof GitFailed
    if (!isExpected) throw error
    run.context.log.warn({ err: run.mask.error(error), tool }, 'a validation tool failed')
    const why = error instanceof ToolFailed ? error.message : 'git could not read it'
    const message = `${toolNames[tool]} failed: ${why}.`
    return { tool, outcome: 'failed', message, findings: [] }
  }
}
