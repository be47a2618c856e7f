/** Something a loop sleeps on until somebody wakes it, or its time is up. */
export interface Wake {
  /** Ends the sleep; without one, the next sleep is over at once. */
  wake: () => void
  /** Resolves when woken, after `ms`, or when the signal aborts, whatever comes first. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export function createWake(): Wake {
  let isPending = false
  let rouse: (() => void) | undefined
  return {
    wake() {
      isPending = true
      rouse?.()
    },
    async sleep(ms, signal) {
      if (!isPending && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', end)
            rouse = undefined
            resolve()
          }
          const timer = setTimeout(end, ms)
          signal.addEventListener('abort', end)
          rouse = end
        })
      }
      isPending = false
    },
  }
}
