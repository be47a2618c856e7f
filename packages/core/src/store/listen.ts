import { setTimeout as delay } from 'node:timers/promises'
import { Client, type Pool } from 'pg'
import type { ChangesHub, Topic } from './changes.ts'
import type { Log } from './log.ts'

/** The notification channel of PostgreSQL on which topics travel. */
const channel = 'errand_changes'

/**
 * Holds one connection that listens for changes, and opens it again for as long as it takes. Who
 * listens is woken by the clock as well, so an outage only makes wake-ups late.
 */
export function listenToPostgres(
  url: string,
  changes: ChangesHub,
  log: Log,
): { close(): Promise<void> } {
  const closing = new AbortController()
  const running = keepListening(url, changes, log, closing.signal)
  return {
    async close() {
      closing.abort()
      await running
    },
  }
}

async function keepListening(
  url: string,
  changes: ChangesHub,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 2000)) {
    try {
      await listenOnce(url, changes, signal, () => (pauseMs = 50))
    } catch (error) {
      log.warn({ err: error }, 'listening for changes was interrupted')
    }
    // Rejects only when `signal` ends the pause, and then the loop ends.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Listens until the connection ends or `signal` says so. */
async function listenOnce(
  url: string,
  changes: ChangesHub,
  signal: AbortSignal,
  onListening: () => void,
): Promise<void> {
  const client = new Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: 5000,
    application_name: 'errand changes',
  })
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>()
  // A failure before anybody awaits it is still thrown below; this only keeps it from being unhandled.
  ended.catch(() => undefined)
  client.on('error', fail)
  client.on('end', () => end())
  const stop = (): void => end()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    client.on('notification', (message) => changes.deliver(message.payload ?? ''))
    await client.query(`listen ${channel}`)
    onListening()
    changes.deliverAll()
    await ended
  } finally {
    signal.removeEventListener('abort', stop)
    // The connection may be broken already; there is nothing left to do with it.
    await client.end().catch(() => undefined)
  }
}

/**
 * Tells the other processes of what changed: one statement at a time, with all that has gathered
 * while the last one was under way.
 */
export function createTeller(
  pool: Pool,
  log: Log,
): { tell(topics: Iterable<Topic>): void; close(): Promise<void> } {
  const gathered = new Set<Topic>()
  let telling: Promise<void> | undefined

  async function tellGathered(): Promise<void> {
    while (gathered.size > 0) {
      const topics = [...gathered]
      gathered.clear()
      try {
        await pool.query('select pg_notify($1, topic) from unnest($2::text[]) as topic', [
          channel,
          topics,
        ])
      } catch (error) {
        // Hints only: everybody who waits polls as well.
        log.debug({ err: error, topics: topics.length }, 'changes could not be told')
      }
    }
    telling = undefined
  }

  return {
    tell(topics) {
      for (const topic of topics) gathered.add(topic)
      if (gathered.size > 0) telling ??= tellGathered()
    },
    async close() {
      await telling
    },
  }
}
