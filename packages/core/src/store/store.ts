import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { changesChannel, type Changes, type Topic } from './changes.ts'
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

/** The time of a statement, as SQL. */
export function now(store: Pick<Store, 'clock'>): RawBuilder<Date> {
  return store.clock === undefined
    ? sql<Date>`clock_timestamp()`
    : sql<Date>`${store.clock.now().toISOString()}::timestamptz`
}

/** Tells everybody who listens, when the transaction commits and only then. */
export async function notify(tx: Tx, ...topics: Topic[]): Promise<void> {
  for (const topic of topics) await sql`select pg_notify(${changesChannel}, ${topic})`.execute(tx)
}
