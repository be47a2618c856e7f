import { setTimeout as delay } from 'node:timers/promises'

/** Waits until `check` no longer throws; at the deadline its last error is the test's. */
export async function eventually(
  check: () => void | Promise<void>,
  deadlineMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await delay(20)
  }
}
