import type { Log } from '../log.ts'
import type { Records, Token } from '../records/records.ts'

const hourMs = 3_600_000

/** Notes when tokens are used. */
export interface TokenUse {
  note(token: Token): void
  /** Resolves when all that was noted is stored. */
  close(): Promise<void>
}

/**
 * When a token was last used is stored to the hour: the first use in an hour costs one write, which
 * nothing waits for, and every other none.
 */
export function createTokenUse(records: Records, log: Log): TokenUse {
  const writing = new Map<string, Promise<void>>()

  async function write(hash: string, usedAt: string): Promise<void> {
    try {
      await records.tokens.update(hash, (token) => ({ ...token, last_used_at: usedAt }))
    } catch (error) {
      // Revoked meanwhile: there is nothing to note any more.
      if (records.tokens.get(hash) !== undefined) {
        log.warn({ err: error }, 'the use of a token could not be noted')
      }
    } finally {
      writing.delete(hash)
    }
  }

  return {
    note({ hash, last_used_at: known }) {
      const hour = new Date(Math.floor(Date.now() / hourMs) * hourMs).toISOString()
      if (known === hour || writing.has(hash)) return
      writing.set(hash, write(hash, hour))
    },
    async close() {
      await Promise.all(writing.values())
    },
  }
}
