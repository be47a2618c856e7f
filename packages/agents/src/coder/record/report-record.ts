import type { FoundCheck } from '../checks/place.ts'
import { isTests } from '../checks/find-checks.ts'
import { openSteps } from './plan.ts'
import type { CommandRun, SessionRecord } from './record.ts'

/** Of a report: what else was run stands in the pull request as well, folded. */
const mostChecks = 12
const commandLimit = 200
const mostSteps = 20

export interface RecordFacts {
  record: SessionRecord
  /** What the repository has to test itself with. */
  found: readonly FoundCheck[]
  /** What the tracked files hold now; undefined where git cannot say. */
  state: string | undefined
}

/**
 * What was checked, with its exit status, and what of the plan is open, to stand below a report: by the
 * record, whatever the report says. Empty for a session that changed and ran nothing.
 */
export function reportRecord(facts: RecordFacts): string {
  const { record } = facts
  if (record.edits === 0 && record.runs.length === 0) return ''
  const open = openSteps(record).slice(0, mostSteps)
  const parts = [
    `### Checks\n\n${checksOf(facts)}`,
    open.length === 0 ? '' : `### Left open\n\nOf the plan:\n\n${open.map(item).join('\n')}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function checksOf({ record, found, state }: RecordFacts): string {
  const checks = lastOfEach(record.runs.filter(({ is_check }) => is_check))
  if (checks.length === 0) {
    const tests = found.filter(isTests)
    const [first] = tests
    if (first === undefined) return 'No tests were run: none were found in the repository.'
    return `No tests were run. The repository has ${code(first.command)} (${first.from}).`
  }
  const lines = checks.slice(-mostChecks).map((run) => {
    const isOld = run.state !== null && run.state !== stateOf(record, state)
    return `- ${code(run.command)}: ${endOf(run)}${isOld ? ', before the last change' : ''}`
  })
  return `By the record of what was run:\n\n${lines.join('\n')}`
}

/** With how many files were written: git's diff does not have new ones, and there may be no git. */
export function stateOf({ edits }: SessionRecord, state: string | undefined): string {
  return `${edits}:${state ?? ''}`
}

function lastOfEach(runs: CommandRun[]): CommandRun[] {
  return [...new Map(runs.map((run) => [run.command, run])).values()]
}

function endOf({ command, ended_by, exit_code }: CommandRun): string {
  if (ended_by === 'time_limit') return 'stopped at its time limit'
  if (exit_code === undefined) return 'ended by a signal'
  // `npm test | tail` ends as tail does.
  const isCompound = /[|;\n]|(?<!&)&(?!&)/.test(command.replace(/2>&1|&>/g, ''))
  return `exit code ${exit_code}${isCompound ? ' of the whole line' : ''}`
}

function item(step: string): string {
  return `- ${oneLine(step)}`
}

function code(command: string): string {
  const line = oneLine(command)
  const cut = line.length > commandLimit ? `${line.slice(0, commandLimit - 1)}…` : line
  const longest = Math.max(0, ...[...cut.matchAll(/`+/g)].map(([row]) => row.length))
  const fence = '`'.repeat(longest + 1)
  return longest === 0 ? `${fence}${cut}${fence}` : `${fence} ${cut} ${fence}`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
