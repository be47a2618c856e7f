import type { WorkLog } from '../agent/report-update.ts'
import { type Summary, summarize } from '../agent/summary.ts'
import type { Box } from '../box/index.ts'
import type { Finished } from '../converse.ts'
import { SessionFailed } from '../failures.ts'
import { type AgentWork, letAgentWork } from '../let-agent-work.ts'
import { collectResult, type Result } from '../result/collect-result.ts'
import type { Run } from '../run/run.ts'
import type { Report } from './finding.ts'
import { composeFindingsPrompt, hasSecret } from './findings-prompt.ts'
import { requireNoSecret } from './require-no-secret.ts'
import { validateResult } from './validate-result.ts'

type Worked = Finished & WorkLog

/** What is to be pushed, and what is to be said of it. */
export interface Collected {
  worked: Worked
  summary: Summary
  /** Undefined where nothing was changed. */
  result: Result | undefined
}

/**
 * Collects the work, and lets the tools that the repository has enabled look at it. What they find goes back
 * to the agent, once; then the work is collected and looked at again. What is left is for the pull request to
 * say, but for a secret.
 *
 * @throws SessionFailed result_refused; secret_found, not_scanned: nothing may be pushed
 */
export async function collectValidated(
  run: Run,
  box: Box,
  work: AgentWork,
  worked: Worked,
): Promise<Collected> {
  const { enabled_tools: enabled } = work.configuration
  async function collect(from: Worked, isOneCommit: boolean): Promise<Collected> {
    const summary = summarize(from.report, from.lastMessage, run.lease.task.name)
    const options = { ...work, summary: run.mask.value(summary), isOneCommit }
    return { worked: from, summary, result: await collectResult(run, box, options) }
  }
  async function validate(collected: Collected, only?: ToolNames): Promise<Report[]> {
    const { worked: done, summary, result } = collected
    if (result === undefined) return []
    const said = [summary.title, summary.body, ...done.commands].join('\n')
    const validated = { ...work, box, parts: work, result, said }
    return await validateResult(run, validated, enabled, only)
  }

  let last = await collect(worked, false)
  let reports = await validate(last)
  const mended = await mend(run, box, work, { worked, reports })
  if (mended !== undefined) {
    last = await collect(mended, hasSecret(reports))
    reports = await validate(last, toolsToAskAgain(reports))
  }
  requireNoSecret(reports)
  // What is masked by now may have been found only just before.
  return { ...last, summary: run.mask.value(last.summary) }
}

type ToolNames = readonly Report['tool'][]

/** A review that had nothing to say of the work is not paid for again. */
function toolsToAskAgain(reports: readonly Report[]): ToolNames {
  return reports
    .filter(({ tool, outcome }) => tool !== 'copilot_code_review' || outcome === 'findings')
    .map(({ tool }) => tool)
}

/** Undefined where there is nothing to mend, or nobody who could: the work is then as it was. */
async function mend(
  run: Run,
  box: Box,
  work: AgentWork,
  { worked, reports }: { worked: Worked; reports: readonly Report[] },
): Promise<Worked | undefined> {
  if (work.descriptor.isVerbatim) return undefined
  if (reports.every(({ findings }) => findings.length === 0)) return undefined
  await run.say('The agent is told what was found, to mend it')
  try {
    const toMend = composeFindingsPrompt(reports)
    const again = await letAgentWork(run, box, { ...work, toMend })
    // Only a question puts a session away, and no more of them are taken.
    if (again === 'put_away') return undefined
    return {
      ...again,
      report: again.report ?? worked.report,
      lastMessage: again.lastMessage || worked.lastMessage,
      commands: [...worked.commands, ...again.commands],
    }
  } catch (error) {
    run.signal.throwIfAborted()
    if (!(error instanceof SessionFailed)) throw error
    await run.say(`The agent could not mend what was found: ${error.message}`, 'warning')
    return undefined
  }
}
