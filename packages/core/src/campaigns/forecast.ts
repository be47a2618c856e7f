import type { Experience } from './experience.ts'

export interface Remaining {
  /** Tasks that have not ended, those still to be sent among them, by wave. */
  byWave: ReadonlyMap<number, number>
  /** How many are worked on at a time. */
  parallel: number
  spentNano: number
}

export interface Forecast {
  remainingTasks: number
  /** Until the last has ended; absent while nothing is known. */
  seconds?: number
  /** What the whole campaign will have cost. */
  nano?: number
  experience?: Experience
}

/**
 * What is still to come, if every task takes as long and costs as much as those in the middle have. Each
 * wave waits for the one before, so each is rounded up to whole rounds of parallel tasks.
 */
export function forecast(
  { byWave, parallel, spentNano }: Remaining,
  experience: Experience | undefined,
): Forecast {
  const waves = [...byWave.values()]
  const remainingTasks = waves.reduce((sum, tasks) => sum + tasks, 0)
  if (experience === undefined) return { remainingTasks }
  const rounds = waves.reduce((sum, tasks) => sum + Math.ceil(tasks / parallel), 0)
  return {
    remainingTasks,
    seconds: rounds * experience.medianSeconds,
    nano: spentNano + remainingTasks * experience.medianNano,
    experience,
  }
}
