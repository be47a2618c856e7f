import { createHash, randomUUID } from 'node:crypto'
import { cpSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { openStore, type OpenStoreOptions } from '../store/open.ts'

/** The PostgreSQL that `script/with-postgres` started for the tests; absent when there is none. */
export const postgresUrl = process.env['ERRAND_TEST_DATABASE_URL']

/** Support for tests, not part of the package: databases of their own. */
export interface TestDatabase {
  /** Opens a store on it, on PostgreSQL as often as wanted. */
  options: OpenStoreOptions
  drop(): Promise<void>
}

interface PostgresDatabase extends TestDatabase {
  options: { databaseUrl: string }
}

/**
 * An empty, migrated one, for tests of what stands on a store, not of the store: on PostgreSQL where there is one, which
 * starts in a fraction of the time PGlite takes. What core promises is tested on both (`describeOnEachStore`), and so is
 * Errand as a whole.
 */
export function createTestDatabase(): Promise<TestDatabase> {
  return postgresUrl === undefined ? createPgliteFolder() : createPostgresDatabase()
}

const migrationsFolder = new URL('../../migrations/', import.meta.url)

/** A copy of the empty one that was made before the tests (test/support/store-template.ts): to make one takes seconds. */
export async function createPgliteFolder(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'errand-store-'))
  const template = process.env['ERRAND_TEST_STORE_TEMPLATE']
  if (template !== undefined) cpSync(template, dataDir, { recursive: true })
  return {
    options: { dataDir },
    drop: () => rm(dataDir, { recursive: true, force: true }),
  }
}

export async function createPostgresDatabase(): Promise<PostgresDatabase> {
  const template = `errand_template_${await migrationsHash()}`
  return await asAdministrator(async (client) => {
    // The lock belongs to the connection: test files run in several processes at once.
    await client.query('select pg_advisory_lock(4172003)')
    const found = await client.query('select 1 from pg_database where datname = $1', [template])
    if (found.rows.length === 0) await createTemplate(client, template)
    return await create(client, `template ${template}`)
  })
}

/** For who is to migrate it: without a table. */
export function createBlankDatabase(): Promise<PostgresDatabase> {
  return asAdministrator((client) => create(client))
}

async function create(client: Client, from = ''): Promise<PostgresDatabase> {
  const name = `errand_test_${randomUUID().replaceAll('-', '')}`
  await client.query(`create database ${name} ${from}`)
  return {
    options: { databaseUrl: databaseUrl(name) },
    drop: () =>
      asAdministrator(async (client) => {
        await client.query(`drop database if exists ${name} with (force)`)
      }),
  }
}

async function createTemplate(client: Client, template: string): Promise<void> {
  const unfinished = `${template}_unfinished`
  await client.query(`drop database if exists ${unfinished} with (force)`)
  await client.query(`create database ${unfinished}`)
  const store = await openStore({ databaseUrl: databaseUrl(unfinished) })
  await store.close()
  await client.query(`alter database ${unfinished} rename to ${template}`)
}

async function asAdministrator<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function databaseUrl(name: string): string {
  // Set wherever this is called: without it the kind is missing.
  const url = new URL(postgresUrl as string)
  url.pathname = `/${name}`
  return url.href
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256')
  const names = (await readdir(migrationsFolder)).sort()
  for (const name of names)
    hash.update(name).update(await readFile(new URL(name, migrationsFolder)))
  return hash.digest('hex').slice(0, 16)
}
