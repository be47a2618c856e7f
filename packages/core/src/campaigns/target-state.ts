import { isEndState, type State } from '@errand/contract'

/** Where a repository of a campaign stands: not sent yet, as its task, or never sent. */
export type TargetState = 'pending' | State | 'skipped'

export function hasEnded(state: TargetState): boolean {
  return state === 'skipped' || (state !== 'pending' && isEndState(state))
}

/** Ended without what it was sent for. One that was skipped was not sent, and is no failure. */
export function hasFailed(state: TargetState): boolean {
  return hasEnded(state) && state !== 'completed' && state !== 'skipped'
}
