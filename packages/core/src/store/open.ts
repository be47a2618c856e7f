import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, PostgresDialect } from 'kysely'
import { Pool, TypeOverrides } from 'pg'
import { type ChangesHub, createChangesHub } from './changes.ts'
import { poolThatTells } from './connection-lost.ts'
import { createTeller, listenToPostgres } from './listen.ts'
import { lockFolder } from './lock.ts'
import { type Log, silentLog } from './log.ts'
import { migrate } from './migrate.ts'
import type { Database } from './schema.ts'
import type { Clock, Store } from './store.ts'
import { patiently } from './transact.ts'

export interface OpenStoreOptions {
  /** Holds PGlite's files, in `store/`; needed without `databaseUrl`. */
  dataDir?: string
  /** A PostgreSQL 15+ connection URL; with it nothing is kept on this machine. */
  databaseUrl?: string
  /** Connections to PostgreSQL, beside the one that listens for changes. Default 10. */
  maxConnections?: number
  clock?: Clock
  log?: Log
}

interface OpenedDatabase {
  kind: Store['kind']
  db: Kysely<Database>
  changes: ChangesHub
  close(): Promise<void>
}

/**
 * PGlite comes with the defaults of a server for many. One process and one connection need less, and
 * it shows: an idle process has 220 MB of resident memory instead of 350, at the same speed.
 */
const smallPostgres = ['shared_buffers=16MB', 'max_connections=5']

/** bigint (OID 20): our ids and counts stay below 2^53. */
const bigintOid = 20

/**
 * Opens the store and brings its schema up to date. PGlite survives the death of the process, not a
 * power loss (it never fsyncs); PostgreSQL survives both.
 *
 * @throws DataFolderLocked when another process has the data folder open.
 * @throws ConnectionLost when PostgreSQL cannot be reached for eight seconds.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const log = options.log ?? silentLog
  const opened =
    options.databaseUrl === undefined
      ? await openPglite(requireDataDir(options.dataDir))
      : openPostgres(options.databaseUrl, options.maxConnections ?? 10, log)
  try {
    // Whoever starts both together, starts PostgreSQL a moment too late.
    await patiently(() => migrate(opened.db))
  } catch (error) {
    await opened.close()
    throw error
  }
  return {
    ...opened,
    log,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    [Symbol.asyncDispose]: () => opened.close(),
  }
}

async function openPglite(dataDir: string): Promise<OpenedDatabase> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const lock = lockFolder(dataDir)
  try {
    const pglite = await PGlite.create({
      dataDir: join(dataDir, 'store'),
      parsers: { [bigintOid]: Number },
      postgresqlconf: smallPostgres,
    })
    // The lock makes this the only process: there is nobody else to tell.
    const changes = createChangesHub(() => undefined)
    return {
      kind: 'pglite',
      db: new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) }),
      changes,
      close: once(async () => {
        changes.close()
        await pglite.close()
        lock.release()
      }),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function openPostgres(url: string, max: number, log: Log): OpenedDatabase {
  const pool = openPool(url, max, log)
  const teller = createTeller(pool, log)
  const changes = createChangesHub((topics) => teller.tell(topics))
  const listener = listenToPostgres(url, changes, log)
  return {
    kind: 'postgres',
    db: new Kysely<Database>({ dialect: new PostgresDialect({ pool: poolThatTells(pool) }) }),
    changes,
    close: once(async () => {
      changes.close()
      await teller.close()
      await listener.close()
      await pool.end()
    }),
  }
}

function openPool(url: string, max: number, log: Log): Pool {
  const types = new TypeOverrides()
  types.setTypeParser(bigintOid, Number)
  const pool = new Pool({
    connectionString: url,
    max,
    types,
    keepAlive: true,
    connectionTimeoutMillis: 5000,
    application_name: 'errand',
    // A process that stops in the middle of a transaction must not keep its locks.
    idle_in_transaction_session_timeout: 15_000,
    statement_timeout: 30_000,
  })
  // Without listeners the end of a connection, as when PostgreSQL restarts, would end the process: the
  // pool's hears of idle ones, the client's of those in use between two statements.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  pool.on('connect', (client) => {
    client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'))
  })
  return pool
}

function requireDataDir(dataDir: string | undefined): string {
  if (dataDir === undefined) throw new TypeError('openStore needs dataDir or databaseUrl')
  return dataDir
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= work())
}
