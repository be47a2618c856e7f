import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { changesChannel, type ChangesHub } from './changes.ts'
import type { Log } from './log.ts'

/**
 * Holds one connection that listens for changes, and opens it again for as long as it takes. Who
 * listens polls as well, so an outage only makes wake-ups late.
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
  const client = new Client({ connectionString: url, keepAlive: true })
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('end', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // A failure before anybody awaits it is still thrown below; this only keeps it from being unhandled.
  ended.catch(() => undefined)
  try {
    await client.connect()
    client.on('notification', (message) => changes.deliver(message.payload ?? ''))
    await client.query(`listen ${changesChannel}`)
    onListening()
    changes.deliverAll()
    await ended
  } finally {
    await client.end().catch(() => undefined)
  }
}
