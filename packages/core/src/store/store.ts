import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Changes, Topic } from './changes.ts'
import type { Log } from './log.ts'
import type { Database } from './schema.ts'

/** Where time comes from when a test wants to move it; else it is the database's. */
export interface Clock {
  now(): Date
}

/** All that is true, on PGlite or PostgreSQL. */
export interface Store {
  db: Kysely<Database>
  kind: 'pglite' | 'postgres'
  changes: Changes
  log: Log
  /** Absent: the database's own clock, the one clock that many machines share. */
  clock?: Clock
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type Tx = Transaction<Database>

/**
 * The time of a statement, as SQL. It is the database's and never this machine's, so that no two
 * machines differ about a lease; only a test gives a clock of its own. `clock_timestamp()` and not
 * `now()`: that one is the transaction's start, which may lie before a long wait for a lock.
 */
export function now(store: Pick<Store, 'clock'>): RawBuilder<Date> {
  return store.clock === undefined
    ? sql<Date>`clock_timestamp()`
    : sql<Date>`${store.clock.now().toISOString()}::timestamptz`
}

/** What each running transaction has to tell when it is committed. */
export const topicsOf = new WeakMap<Tx, Set<Topic>>()

/** Tells everybody who listens, when the transaction commits and only then. */
export function notify(tx: Tx, ...topics: Topic[]): void {
  for (const topic of topics) topicsOf.get(tx)?.add(topic)
}
