import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { sql } from 'kysely'
import { openStore } from '../store/open.ts'
import type { Clock, Store } from '../store/store.ts'
import {
  createPgliteFolder,
  createPostgresDatabase,
  postgresUrl,
  type TestDatabase,
} from './databases.ts'

export type { TestDatabase }

/**
 * Support for tests, not part of the package: every test of what core promises runs on PGlite and on
 * PostgreSQL. PostgreSQL is given by `ERRAND_TEST_DATABASE_URL` (an administrator's URL, see
 * `script/with-postgres`); where it is absent that half is skipped and its name says why.
 */
export const testStores: TestStoreKind[] = [
  { name: 'pglite', isMissing: false, create: createPgliteFolder },
  postgresUrl === undefined
    ? {
        name: 'postgres (skipped: ERRAND_TEST_DATABASE_URL is not set, see script/with-postgres)',
        isMissing: true,
        create: () => Promise.reject(new Error('ERRAND_TEST_DATABASE_URL is not set')),
      }
    : { name: 'postgres', isMissing: false, create: createPostgresDatabase },
]

export interface TestStoreKind {
  name: string
  isMissing: boolean
  /** An empty, migrated database; `options` opens a store on it, as often as wanted on PostgreSQL. */
  create(): Promise<TestDatabase>
}

export interface StoreUnderTest {
  readonly store: Store
  readonly clock: TestClock
  readonly database: TestDatabase
}

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  advance(by: { seconds?: number; minutes?: number }): void
}

/**
 * Declares tests on each store: one database for all tests of a file, emptied before each.
 * `clock: 'database'` leaves the time to the database, as in production; else it is `on.clock`.
 */
export function describeOnEachStore(
  title: string,
  body: (on: StoreUnderTest) => void,
  options: { clock?: 'database' } = {},
): void {
  for (const kind of testStores) {
    describe.skipIf(kind.isMissing)(`${title} on ${kind.name}`, () => {
      let opened: StoreUnderTest | undefined
      beforeAll(async () => {
        opened = await openShared(kind, options.clock ?? 'test')
      })
      beforeEach(async () => {
        await emptyStore(requireOpened().store)
      })
      body({
        get store() {
          return requireOpened().store
        },
        get clock() {
          return requireOpened().clock
        },
        get database() {
          return requireOpened().database
        },
      })

      function requireOpened() {
        if (opened === undefined) throw new Error('the store is open only while tests run')
        return opened
      }
    })
  }
  // Called at the top of a file, so this is for when the whole file is done.
  afterAll(closeShared)
}

/** Vitest loads this file anew for each test file: what is shared is shared within one. */
const shared = new Map<string, Promise<StoreUnderTest>>()

async function openShared(kind: TestStoreKind, time: 'test' | 'database'): Promise<StoreUnderTest> {
  const key = `${kind.name} ${time}`
  const opening = shared.get(key) ?? openUnderTest(kind, time)
  shared.set(key, opening)
  return await opening
}

async function openUnderTest(
  kind: TestStoreKind,
  time: 'test' | 'database',
): Promise<StoreUnderTest> {
  const database = await kind.create()
  const clock = createTestClock()
  const store = await openStore({ ...database.options, ...(time === 'test' ? { clock } : {}) })
  return { store, clock, database }
}

async function closeShared(): Promise<void> {
  for (const opening of shared.values()) {
    const { store, database } = await opening
    await store.close()
    await database.drop()
  }
  shared.clear()
}

export function createTestClock(start = new Date()): TestClock {
  let timeMs = start.getTime()
  return {
    now: () => new Date(timeMs),
    advance({ seconds = 0, minutes = 0 }) {
      timeMs += (seconds + minutes * 60) * 1000
    },
  }
}

/**
 * Takes away every row, as if the store had just been migrated. Truncating would make new files for each table and index,
 * which takes ten times as long. Triggers, like that which keeps the audit log, are not asked: it deletes as a replica
 * does, and only a superuser may.
 */
export async function emptyStore(store: Store): Promise<void> {
  await sql`do $$
    declare name text;
    begin
      perform set_config('session_replication_role', 'replica', true);
      for name in
        select quote_ident(relname) from pg_class
        where relkind = 'r' and relnamespace = current_schema()::regnamespace
          and relname <> 'migrations'
      loop
        execute 'delete from ' || name;
      end loop;
    end
  $$`.execute(store.db)
}
