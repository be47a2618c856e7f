import { formatCredits } from '../present/campaign.ts'
import { median } from './median.ts'
import { nanoOf, type Progress } from './progress.ts'

export type BudgetVerdict = { type: 'send' } | { type: 'wait' } | { type: 'stop'; reason: string }

/** What a campaign has cost so far, earlier attempts included, in nano AI credits. */
export function spentNano(all: Iterable<Progress>): number {
  let nano = 0
  for (const progress of all) nano += (nanoOf(progress) ?? 0) + (progress.earlierNano ?? 0)
  return nano
}

/**
 * Whether a budget admits one more task. For each that is open what a task costs in the middle is set
 * aside; while none has ended one is sent at a time.
 *
 * @param limit in AI credits
 * @param open how many tasks are open or on their way
 */
export function askBudget(limit: number, all: readonly Progress[], open: number): BudgetVerdict {
  const maxNano = limit * 1e9
  const spent = spentNano(all)
  // Before what a task costs is asked: a retry leaves none that has ended, and what it cost is still spent.
  if (spent >= maxNano) {
    const reason = `${formatCredits(spent)} of ${limit} are spent`
    return open > 0 ? { type: 'wait' } : { type: 'stop', reason }
  }
  const ended = all.filter(({ step }) => step === 'ended')
  const costs = ended.map(nanoOf).filter((nano) => nano !== undefined)
  if (costs.length < ended.length) {
    const reason = 'this server does not tell what a task has cost, so that no budget can be kept'
    return open > 0 ? { type: 'wait' } : { type: 'stop', reason }
  }
  const expected = median(costs)
  if (expected === undefined) return open > 0 ? { type: 'wait' } : { type: 'send' }
  if (spent + (open + 1) * expected <= maxNano) return { type: 'send' }
  if (open > 0) return { type: 'wait' }
  const reason = `${formatCredits(spent)} of ${limit} are spent, and another task would cost about ${formatCredits(expected)}`
  return { type: 'stop', reason }
}
