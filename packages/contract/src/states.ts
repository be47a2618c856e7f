import { z } from 'zod'

/** The eight states GitHub's contract names, for tasks and sessions alike (behaviour.md 1.5). */
export const State = z.enum([
  'queued',
  'in_progress',
  'completed',
  'failed',
  'idle',
  'waiting_for_user',
  'timed_out',
  'cancelled',
])
export type State = z.infer<typeof State>

/**
 * Where a session may go from each state: the only table of transitions. GitHub documents none
 * (behaviour.md 1.5). A session goes back to `queued` when its runner is lost, and when the answer
 * to its question comes after its box was put away. `idle` is accepted in filters but never entered:
 * a finished turn ends the session, and a follow-up is a new session of the task.
 */
export const transitions = {
  queued: ['in_progress', 'failed', 'cancelled'],
  in_progress: ['queued', 'waiting_for_user', 'completed', 'failed', 'timed_out', 'cancelled'],
  waiting_for_user: ['in_progress', 'queued', 'failed', 'timed_out', 'cancelled'],
  idle: [],
  completed: [],
  failed: [],
  timed_out: [],
  cancelled: [],
} as const satisfies Record<State, readonly State[]>

/** What ends a session. An end is written once and never left again. */
export const endStates = ['completed', 'failed', 'timed_out', 'cancelled'] as const
export type EndState = (typeof endStates)[number]

/** What counts as active in `total_active_count`. */
export const activeStates = ['queued', 'in_progress', 'waiting_for_user', 'idle'] as const

export function isEndState(state: State): state is EndState {
  return (endStates as readonly State[]).includes(state)
}

export function canTransition(from: State, to: State): boolean {
  return (transitions[from] as readonly State[]).includes(to)
}
