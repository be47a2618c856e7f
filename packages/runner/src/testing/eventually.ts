import { setTimeout as delay } from 'node:timers/promises'

/** Tries until `check` no longer throws, and gives what it returned; at the deadline its last error is the test's. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs = 120_000): Promise<T> {
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
