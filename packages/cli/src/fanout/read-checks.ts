import { type ForgeCalls, readForge } from './forge-calls.ts'

/** What other programs say of a commit, statuses and check runs together. */
export interface Checks {
  passed: number
  failed: number
  pending: number
}

/** `none` where nothing was said: that is not the same as good. */
export type ChecksState = 'none' | 'pending' | 'failed' | 'passed'

interface CombinedStatus {
  total_count: number
  statuses: { state: string }[]
}

interface CheckRuns {
  total_count: number
  check_runs: { status: string; conclusion: string | null }[]
}

/** GitHub's conclusions that stand in no one's way. */
const goodConclusions = ['success', 'neutral', 'skipped']
const perPage = 100

/** The last status of each context and the last run of each check. */
export async function readChecks(
  calls: ForgeCalls,
  repository: string,
  sha: string,
): Promise<Checks> {
  const commit = `/repos/${repository}/commits/${sha}`
  const checks: Checks = { passed: 0, failed: 0, pending: 0 }
  for (let page = 1, seen = 0; ; page += 1) {
    const path = `${commit}/status?per_page=${perPage}&page=${page}`
    const combined = await readForge<CombinedStatus>(calls, path)
    for (const { state } of combined?.statuses ?? []) checks[ofStatus(state)] += 1
    seen += combined?.statuses.length ?? 0
    if (!combined?.statuses.length || seen >= combined.total_count) break
  }
  for (let page = 1, seen = 0; ; page += 1) {
    const path = `${commit}/check-runs?filter=latest&per_page=${perPage}&page=${page}`
    const runs = await readForge<CheckRuns>(calls, path)
    for (const run of runs?.check_runs ?? []) checks[ofRun(run)] += 1
    seen += runs?.check_runs.length ?? 0
    if (!runs?.check_runs.length || seen >= runs.total_count) break
  }
  return checks
}

export function stateOfChecks({ passed, failed, pending }: Checks): ChecksState {
  if (failed > 0) return 'failed'
  if (pending > 0) return 'pending'
  return passed > 0 ? 'passed' : 'none'
}

/** `3/4 passed`, `1 failed`, or nothing where there are none. */
export function describeChecks(checks: Checks): string {
  const { passed, failed, pending } = checks
  const state = stateOfChecks(checks)
  if (state === 'none') return ''
  if (state === 'failed') return `${failed} failed`
  return `${passed}/${passed + pending} passed`
}

function ofStatus(state: string): keyof Checks {
  if (state === 'success') return 'passed'
  return state === 'pending' ? 'pending' : 'failed'
}

function ofRun({ status, conclusion }: CheckRuns['check_runs'][number]): keyof Checks {
  if (status !== 'completed') return 'pending'
  return goodConclusions.includes(conclusion ?? '') ? 'passed' : 'failed'
}
