import type { Log } from '../log.ts'
import type { Records, Token } from '../records/records.ts'

/** Listed for so long after its end, so that its user sees why it does no longer work. */
const keptMs = 7 * 24 * 3_600_000
const everyMs = 3_600_000

export function isExpired(token: Pick<Token, 'expires_at'>, atMs: number = Date.now()): boolean {
  return token.expires_at !== undefined && Date.parse(token.expires_at) <= atMs
}

/** Removes the tokens that ended a week ago. They were refused since their end. */
export async function sweepExpiredTokens(records: Records): Promise<void> {
  for (const token of records.tokens.values()) {
    if (isExpired(token, Date.now() - keptMs)) await records.tokens.delete(token.hash)
  }
}

/** Sweeps now, and then every hour until it is closed. */
export async function startSweeping(
  sweep: () => Promise<void>,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  await sweep()
  let running: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    running = running
      .then(sweep)
      .catch((error: unknown) => log.warn({ err: error }, 'what is over could not be removed'))
  }, everyMs)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}
