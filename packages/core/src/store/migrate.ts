import { readdir, readFile } from 'node:fs/promises'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

/** Beside `src` in development and beside `dist` when published: the same path from both. */
const folder = new URL('../../migrations/', import.meta.url)

/** Any number, as long as no other program takes the same lock in the same database. */
const migrationLock = 4_172_001

/**
 * Brings the schema up to date: the numbered files of `migrations/` that are not yet applied, in
 * order, in one transaction. Two servers starting at once wait for each other.
 *
 * @throws Error when the database was made by a newer version, which this one could only damage.
 */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(tx)
    // A change of a large table may take longer than a statement otherwise may.
    await sql`set local statement_timeout = 0`.execute(tx)
    await sql`create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())`.execute(
      tx,
    )
    const applied = await sql<{ name: string }>`select name from migrations`.execute(tx)
    const done = new Set(applied.rows.map((row) => row.name))
    requireKnown([...done], names)
    for (const name of names.filter((name) => !done.has(name))) {
      for (const statement of statementsOf(await readFile(new URL(name, folder), 'utf8'))) {
        await sql.raw(statement).execute(tx)
      }
      await sql`insert into migrations (name) values (${name})`.execute(tx)
    }
  })
}

function requireKnown(applied: string[], known: string[]): void {
  const newer = applied.filter((name) => !known.includes(name)).sort()
  if (newer.length === 0) return
  throw new Error(
    `The database was made by a newer version of Errand (it has ${newer.join(', ')}). Start that version, or another data folder or database.`,
  )
}

/** The statements of a migration: each ends with a semicolon at the end of a line. */
function statementsOf(text: string): string[] {
  return text
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*\n/)
    .map((statement) => statement.trim().replace(/;$/, ''))
    .filter((statement) => statement !== '')
}
