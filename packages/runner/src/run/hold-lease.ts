import { beatLease, createWake, type Lease, StaleAttempt, type Store } from '@errand/core'

import { RunStopped } from '../failures.ts'

/** A lease kept alive. */
export interface HeldLease {
  /** Aborts, with a `RunStopped`, as soon as the session is not ours any more. */
  signal: AbortSignal
  /** Stops everything of the run for the reason given; the first reason stays. */
  stop: (reason: RunStopped) => void
  /** Ends the beating and nothing else: the lease was given up, or the session has ended. */
  letGo(): void
}

/** At most this often is a change of the task answered by a beat: most are events of our own. */
const shortestBeatMs = 1000

/**
 * Beats until let go: every third of the lease, and soon after a change of the task, so that a
 * cancelled one stops at once. A beat that says the lease is lost stops the run, and so does a
 * database that stays away for as long as the lease: somebody else may have the session by then.
 */
export function holdLease(store: Store, lease: Lease, leaseSeconds: number): HeldLease {
  const stopping = new AbortController()
  const letting = new AbortController()
  const over = AbortSignal.any([stopping.signal, letting.signal])
  const changed = createWake()
  const pausing = createWake()
  const leaseMs = leaseSeconds * 1000
  const stop = (reason: RunStopped): void => stopping.abort(reason)
  // Its own timer, since a beat may hang as well as fail.
  let expiry = expireAfter(leaseMs)

  function expireAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => stop(new RunStopped('lease_lost')), Math.max(0, ms))
  }

  async function beat(): Promise<void> {
    const sentAt = performance.now()
    try {
      await beatLease(store, lease, leaseSeconds)
      clearTimeout(expiry)
      if (!over.aborted) expiry = expireAfter(sentAt + leaseMs - performance.now())
    } catch (error) {
      if (error instanceof StaleAttempt) stop(new RunStopped('lease_lost', error))
      else store.log.warn({ err: error, session_id: lease.session.id }, 'a beat failed')
    }
  }

  async function beatOn(): Promise<void> {
    const unsubscribe = store.changes.subscribe(`task:${lease.task.id}`, changed.wake)
    while (!over.aborted) {
      await pausing.sleep(Math.min(shortestBeatMs, leaseMs / 3), over)
      await changed.sleep(leaseMs / 3 - shortestBeatMs, over)
      if (!over.aborted) await beat()
    }
    unsubscribe()
    clearTimeout(expiry)
  }

  void beatOn()
  return { signal: stopping.signal, stop, letGo: () => letting.abort() }
}
