/** Failures in a row after which an upstream is left alone. */
const failuresToOpen = 3
/** How long it is left alone, until one request tries it again. */
const openForMs = 10_000

/** Whether an upstream answers, as the requests of this process have found. */
export interface CircuitBreaker {
  /** Whether a request may try it now. Where one only tries whether it answers again, others may not. */
  mayTry(): boolean
  /** @returns whether this request has closed it: the upstream answers again */
  succeeded(): boolean
  /** @returns whether this request has opened it */
  failed(): boolean
  /** The request that was let through found out nothing, as the agent went away. */
  unknown(): void
}

/** @param now in milliseconds, of a clock that only goes forward */
export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  let failures = 0
  let openUntil: number | undefined
  let isProbing = false
  return {
    mayTry() {
      if (openUntil === undefined) return true
      if (isProbing || now() < openUntil) return false
      isProbing = true
      return true
    },
    succeeded() {
      const wasOpen = openUntil !== undefined
      failures = 0
      openUntil = undefined
      isProbing = false
      return wasOpen
    },
    failed() {
      failures += 1
      isProbing = false
      if (failures < failuresToOpen) return false
      openUntil = now() + openForMs
      return true
    },
    unknown() {
      isProbing = false
    },
  }
}
