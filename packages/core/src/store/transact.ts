import { setTimeout as delay } from 'node:timers/promises'
import type { Store, Tx } from './store.ts'

/** PostgreSQL rolled the transaction back by itself: serialization failure, deadlock. */
const rolledBack = new Set(['40001', '40P01'])

/** The connection went away, or the server is starting or stopping. */
const disconnected = new Set([
  '08000',
  '08003',
  '08006',
  '57P01',
  '57P02',
  '57P03',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
])

/** True when the database is away for the moment, as while PostgreSQL restarts. */
export function isDisconnected(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return disconnected.has(code)
  // node-postgres gives a plain Error, without a code, to queries cut off by a closed socket; it has
  // no other mark than its text.
  return error instanceof Error && error.message.startsWith('Connection terminated')
}

/**
 * Runs `work` in one transaction, again when PostgreSQL rolled it back. What a lost connection leaves
 * open (was it committed?) is the caller's: only `transactPatiently` repeats then.
 */
export async function transact<T>(store: Store, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.db.transaction().execute(work)
    } catch (error) {
      if (tries >= 5 || !rolledBack.has(codeOf(error) ?? '')) throw error
    }
  }
}

/**
 * As `transact`, but waits for a database that is away, for 30 seconds at most. For work that may
 * happen twice: fenced writes, whose second run changes nothing or repeats a log line.
 */
export async function transactPatiently<T>(
  store: Store,
  work: (tx: Tx) => Promise<T>,
  patienceMs = 30_000,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    try {
      return await transact(store, work)
    } catch (error) {
      if (!isDisconnected(error) || performance.now() > giveUpAt) throw error
      await delay(pauseMs)
    }
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
