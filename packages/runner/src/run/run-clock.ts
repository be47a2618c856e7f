/** Counts down the time a session may run; stands still while the session waits for its user. */
export interface RunClock {
  /** Milliseconds left. */
  leftMs(): number
  pause(): void
  resume(): void
  stop(): void
}

/** How long the work of a session that is over may take to be pushed. The agent has had its time. */
export const pushMinutes = 30

/** Longest time Node's timers take: 2^31 - 1 ms, 24.8 days. */
export const longestTimerMs = 2_147_483_647

/** How long before its end a clock says that it is nearly over. */
const nearMs = 10_000

/** @param onNear is called once, `nearMs` before the other */
export function startRunClock(
  allowedMs: number,
  onOver: () => void,
  onNear: () => void = () => undefined,
): RunClock {
  let leftMs = allowedMs
  let isNear = false
  let runningSince: number | undefined
  let timers: NodeJS.Timeout[] = []

  function left(): number {
    const ranMs = runningSince === undefined ? 0 : performance.now() - runningSince
    return Math.max(0, leftMs - ranMs)
  }
  function pause(): void {
    leftMs = left()
    runningSince = undefined
    for (const timer of timers) clearTimeout(timer)
    timers = []
  }
  function near(): void {
    if (!isNear) onNear()
    isNear = true
  }
  function resume(): void {
    if (runningSince !== undefined) return
    runningSince = performance.now()
    timers = [
      setTimeout(near, Math.min(leftMs - nearMs, longestTimerMs)),
      setTimeout(onOver, Math.min(leftMs, longestTimerMs)),
    ]
  }
  resume()
  return { leftMs: left, pause, resume, stop: pause }
}
