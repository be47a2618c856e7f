import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, PostgresDialect } from 'kysely'
import { Pool, TypeOverrides } from 'pg'
import { type ChangesHub, changesChannel, createChangesHub } from './changes.ts'
import { listenToPostgres } from './listen.ts'
import { lockFolder } from './lock.ts'
import { type Log, silentLog } from './log.ts'
import { migrate } from './migrate.ts'
import type { Database } from './schema.ts'
import type { Clock, Store } from './store.ts'

export interface OpenStoreOptions {
  /** Holds PGlite's files, in `store/`; needed without `databaseUrl`. */
  dataDir?: string
  /** A PostgreSQL 15+ connection URL; with it nothing is kept on this machine. */
  databaseUrl?: string
  /** Connections to PostgreSQL. Default 10. */
  maxConnections?: number
  clock?: Clock
  log?: Log
}

/** bigint (OID 20): our ids and counts stay below 2^53. */
const bigintOid = 20

/**
 * Opens the store and brings its schema up to date. PGlite survives the death of the process, not a
 * power loss (it never fsyncs); PostgreSQL survives both.
 *
 * @throws DataFolderLocked when another process has the data folder open.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const log = options.log ?? silentLog
  const changes = createChangesHub()
  const opened =
    options.databaseUrl === undefined
      ? await openPglite(requireDataDir(options.dataDir), changes)
      : await openPostgres(options.databaseUrl, options.maxConnections ?? 10, changes, log)
  try {
    await migrate(opened.db)
  } catch (error) {
    await opened.close()
    throw error
  }
  return {
    ...opened,
    changes,
    log,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    [Symbol.asyncDispose]: opened.close,
  }
}

async function openPglite(dataDir: string, changes: ChangesHub) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const lock = lockFolder(dataDir)
  try {
    const pglite = await PGlite.create({
      dataDir: join(dataDir, 'store'),
      parsers: { [bigintOid]: Number },
    })
    await pglite.listen(changesChannel, (topic) => changes.deliver(topic))
    const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) })
    return {
      kind: 'pglite' as const,
      db,
      close: once(async () => {
        await pglite.close()
        lock.release()
      }),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openPostgres(url: string, max: number, changes: ChangesHub, log: Log) {
  const types = new TypeOverrides()
  types.setTypeParser(bigintOid, Number)
  const pool = new Pool({ connectionString: url, max, types })
  // Without a listener an idle connection's end, as when PostgreSQL restarts, would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection lost'))
  const listener = listenToPostgres(url, changes, log)
  return {
    kind: 'postgres' as const,
    db: new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }),
    close: once(async () => {
      await listener.close()
      await pool.end()
    }),
  }
}

function requireDataDir(dataDir: string | undefined): string {
  if (dataDir === undefined) throw new TypeError('openStore needs dataDir or databaseUrl')
  return dataDir
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= work())
}
