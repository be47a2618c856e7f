export interface EventuallyOptions {
  /** Default a minute: long enough for a busy machine, and shorter than a test may take. */
  timeoutMs?: number
  intervalMs?: number
  /** What is waited for, for the message when it never comes. */
  what?: string
}

/**
 * Tries until `check` no longer throws, and gives what it returned. After the deadline the last
 * failure is the cause of an error that says how long was waited.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 50, what = 'it' }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (cause) {
      if (Date.now() >= deadline) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`${what} did not come about in ${timeoutMs} ms: ${reason}`, { cause })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}
