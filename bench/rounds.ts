/** Middle of the values; half of them took longer. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle]
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2
}

export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/**
 * Times several pieces of work in turns, so that whatever else the machine does falls on all of them
 * alike. The first round warms caches and is not counted.
 *
 * @param between runs after each piece of work and is not timed: it takes away what was left
 * @returns the median of each in milliseconds, in the order given
 */
export async function measureInTurns(
  rounds: number,
  works: readonly (() => Promise<unknown>)[],
  between?: () => Promise<unknown>,
): Promise<number[]> {
  const times: number[][] = works.map(() => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, work] of works.entries()) {
      const elapsed = await timeMs(work)
      await between?.()
      if (round > 0) times[index]?.push(elapsed)
    }
  }
  return times.map(median)
}
