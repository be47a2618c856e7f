import { ErrandError, type SessionError } from '@errand/contract'
import {
  endSaying,
  endSession,
  isDisconnected,
  releaseLease,
  StaleAttempt,
  type UnfinishedEnd,
} from '@errand/core'

import { hasCode } from './error-code.ts'
import { type FailureName, failures, RunStopped, SessionFailed } from './failures.ts'
import { pushMinutes } from './run/run-clock.ts'
import type { Run } from './run/run.ts'

/** Longest message shown: an agent's or git's last words are part of some. */
const longestMessage = 4000

/**
 * Ends a run that did not come to its own end: translates whatever was thrown into what the session's
 * reader is told. A run whose lease is lost changes nothing; one whose runner closes goes back to the
 * queue.
 */
export async function endUnfinished(run: Run, thrown: unknown): Promise<void> {
  const { store, log } = run.context
  const session_id = run.lease.session.id
  // Whatever broke because the run was stopped is no failure of its own.
  const reason: unknown = run.signal.aborted ? run.signal.reason : thrown
  try {
    if (isLost(reason)) {
      log.warn({ session_id, err: reason }, 'lease lost: session left to others')
    } else if (reason instanceof RunStopped && reason.why === 'closing') {
      await releaseLease(store, run.lease)
    } else {
      await run.recorder.flush()
      await endSession(store, run.lease, presentEnd(run, reason))
    }
  } catch (error) {
    if (!isLost(error)) throw error
    log.warn({ session_id, err: error }, 'lease lost: session left to others')
  }
}

function isLost(error: unknown): boolean {
  if (error instanceof RunStopped) return error.why === 'lease_lost'
  return error instanceof StaleAttempt || isDisconnected(error)
}

function presentEnd(run: Run, reason: unknown): UnfinishedEnd {
  const { end_after_push: end } = run.lease.session
  // Only its push has failed: how it ends was decided before.
  return end === null ? presentOwnEnd(run, reason) : endSaying(end, presentFailedPush(run, reason))
}

function presentFailedPush(run: Run, reason: unknown): string {
  if (reason instanceof RunStopped)
    return `Its work could not be pushed within ${pushMinutes} minutes.`
  return `Its work could not be pushed: ${presentOwnEnd(run, reason).error.message}`
}

function presentOwnEnd(run: Run, reason: unknown): UnfinishedEnd {
  if (reason instanceof RunStopped) {
    const minutes = Math.round(run.lease.session.timeout_seconds / 60)
    const message = `The session ran for longer than its limit of ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
    return { state: 'timed_out', error: present('out_of_time', message) }
  }
  const error = masked(run, presentFailure(reason))
  const { lease } = run
  const { log } = run.context
  const fields = {
    err: run.mask.error(reason),
    session_id: lease.session.id,
    task_id: lease.task.id,
  }
  if (error.category === 'internal') log.error(fields, 'session failed by a defect')
  else log.info(fields, 'session failed')
  return { state: 'failed', error }
}

/** An agent's last words are part of some messages. */
function masked({ mask }: Run, error: SessionError): SessionError {
  return { ...error, message: mask.text(error.message).slice(0, longestMessage) }
}

/** What the reader of a session is told of an error. */
export function presentFailure(error: unknown): SessionError {
  if (error instanceof SessionFailed) return present(error.failure, error.message)
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) {
    return present('disk_full', "The disk of the runner's machine is full.")
  }
  if (error instanceof ErrandError && error.errorName === 'unavailable') {
    return present('sandbox_unavailable', error.message)
  }
  return {
    message: 'The runner met an error it did not expect. Its log has the details.',
    category: 'internal',
    title: 'Internal error',
    remedy: 'Send the task again; if it fails again, report it with the log of the runner.',
    retryable: true,
  }
}

function present(failure: FailureName, message: string): SessionError {
  return { message, ...failures[failure] }
}
