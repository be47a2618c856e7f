import { isRefusal, mapInParallel } from '@errand/contract'
import { findPullState, type PullState } from './find-pull-state.ts'
import type { ForgeCalls } from './forge-calls.ts'
import type { Progress } from './progress.ts'

/** What is known of a campaign's pull requests, looked at a few at a time. */
export interface PullWatch {
  /** By repository. */
  readonly states: ReadonlyMap<string, PullState>
  /** Looks at those that were not looked at for the longest time. */
  look(all: Iterable<Progress>): Promise<void>
}

/** Each takes three requests, of which GitHub counts every one. */
const atATime = { errand: 20, github: 2 }
const atOnce = 4

/** All of them, each once. What may not be seen is left out. */
export async function readAllPulls(
  calls: ForgeCalls,
  all: readonly Progress[],
): Promise<ReadonlyMap<string, PullState>> {
  const states = new Map<string, PullState>()
  await mapInParallel(all, atOnce, async (progress) => {
    const state = await findUnlessRefused(calls, progress)
    if (state !== undefined) states.set(progress.repository, state)
  })
  return states
}

async function findUnlessRefused(
  calls: ForgeCalls,
  progress: Progress,
): Promise<PullState | undefined> {
  try {
    return await findPullState(calls, progress)
  } catch (error) {
    // What may not be seen is not shown; the others are.
    if (isRefusal(error)) return undefined
    throw error
  }
}

export function createPullWatch(calls: ForgeCalls, isErrand: boolean): PullWatch {
  const states = new Map<string, PullState>()
  const lookedAt = new Map<string, number>()
  let looks = 0

  async function lookAt(progress: Progress): Promise<void> {
    const { repository } = progress
    looks += 1
    lookedAt.set(repository, looks)
    const state = await findUnlessRefused(calls, progress)
    if (state !== undefined) states.set(repository, state)
  }
  return {
    states,
    async look(all) {
      const ageOf = ({ repository }: Progress): number => lookedAt.get(repository) ?? 0
      const next = [...all]
        .filter(({ pullUrl, repository }) => {
          return pullUrl !== undefined && states.get(repository)?.state !== 'merged'
        })
        .toSorted((a, b) => ageOf(a) - ageOf(b))
        .slice(0, atATime[isErrand ? 'errand' : 'github'])
      await mapInParallel(next, atOnce, lookAt)
    },
  }
}
