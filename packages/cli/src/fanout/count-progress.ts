import type { Progress } from './progress.ts'

/** What a campaign's parts are counted by, in the order of their way. */
export const groups = [
  'planned',
  'sending',
  'queued',
  'in_progress',
  'waiting_for_user',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'refused',
  'skipped',
] as const
export type Group = (typeof groups)[number]
export type Counts = Readonly<Partial<Record<Group, number>>>

export function groupOf({ step, state }: Progress): Group {
  if (step !== 'open' && step !== 'ended') return step
  return state === undefined || state === 'idle' ? 'queued' : state
}

export function countProgress(all: Iterable<Progress>): Counts {
  const counts: Partial<Record<Group, number>> = {}
  for (const progress of all) {
    const group = groupOf(progress)
    counts[group] = (counts[group] ?? 0) + 1
  }
  return counts
}

/** `12 queued, 3 in progress, 1 failed`: what there is none of is left out. */
export function describeCounts(counts: Counts): string {
  return groups
    .flatMap((group) => {
      const count = counts[group]
      return count === undefined ? [] : [`${count} ${group.replaceAll('_', ' ')}`]
    })
    .join(', ')
}
