import { DatabaseError, type Pool } from 'pg'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import { presentStatement } from './prepared.ts'

/**
 * The connection to PostgreSQL could not be made, or went away under a query. Whether the query was
 * carried out is not known.
 */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super('The connection to the database was lost', { cause })
    this.name = 'ConnectionLost'
  }
}

/** SQLSTATEs of a server that starts, stops, or has no connection left. */
const awayStates = new Set([
  '08000', // connection_exception
  '08003', // connection_does_not_exist
  '08006', // connection_failure
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
])

/** True when the database is away for the moment, as while PostgreSQL restarts. */
export function isDisconnected(error: unknown): boolean {
  return error instanceof ConnectionLost || awayStates.has(sqlStateOf(error) ?? '')
}

/** The code PostgreSQL or PGlite gave with its error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * The pool as kysely takes it, with every failure that is not the server's own answer thrown as
 * `ConnectionLost`: node-postgres gives plain errors there that differ in nothing but their text.
 */
export function poolThatTells(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await telling(() => pool.connect())
      return {
        // kysely's type has a second form, for cursors, which this store never uses.
        query: ((statement: string, parameters: readonly unknown[]) =>
          telling(() =>
            client.query(presentStatement(statement, parameters)),
          )) as unknown as PostgresPoolClient['query'],
        release: (destroy?: boolean) => client.release(destroy),
      }
    },
  }
}

async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A parameter that cannot be written is our mistake, not the connection's.
    const isOurs = error instanceof TypeError || error instanceof RangeError
    if (error instanceof DatabaseError || isOurs) throw error
    throw new ConnectionLost(error)
  }
}
