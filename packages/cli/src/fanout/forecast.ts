import { formatDuration } from '../terminal/duration.ts'
import { spentNano } from './budget.ts'
import { median } from './median.ts'
import { nanoOf, type Progress } from './progress.ts'

export interface FanoutForecast {
  /** Tasks that have not ended, those still to be sent among them. */
  remaining: number
  /** Until the last has ended; absent while nothing is known. */
  seconds?: number
  /** What the whole campaign will have cost, in nano AI credits. */
  nano?: number
}

/** Fewer say too little. */
const fewest = 3

/**
 * What is still to come, if every task takes as long, from its create to its end, and costs as much as
 * those in the middle have, and as many are open at a time as now.
 */
export function forecastOf(all: readonly Progress[]): FanoutForecast {
  const open = all.filter(({ step }) => step === 'open').length
  const isLeft = ({ step }: Progress): boolean =>
    step === 'planned' || step === 'sending' || step === 'open'
  const remaining = all.filter(isLeft).length
  const good = all.filter(({ step, state }) => step === 'ended' && state === 'completed')
  if (remaining === 0 || good.length < fewest) return { remaining }
  const seconds = median(good.flatMap(({ seconds: took }) => (took === undefined ? [] : [took])))
  const nano = median(good.map(nanoOf).filter((cost) => cost !== undefined))
  return {
    remaining,
    ...(seconds === undefined
      ? {}
      : { seconds: Math.ceil(remaining / Math.max(1, open)) * seconds }),
    ...(nano === undefined ? {} : { nano: spentNano(all) + remaining * nano }),
  }
}

/** `about 4:05 to go`; nothing while that is not known. */
export function describeTimeLeft(all: readonly Progress[]): string {
  const { seconds } = forecastOf(all)
  return seconds === undefined ? '' : `about ${formatDuration(seconds * 1000)} to go`
}
