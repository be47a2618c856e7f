import { createDatabase, postgresUrl } from '../test/support/database.ts'

export interface BenchStore {
  name: string
  /** Undefined for PGlite, which lives in the data folder. */
  open(): Promise<(AsyncDisposable & { url: string }) | undefined>
}

/** PGlite always; PostgreSQL where `script/with-postgres` started one. */
export const stores: BenchStore[] = [
  { name: 'PGlite', open: () => Promise.resolve(undefined) },
  ...(postgresUrl === undefined ? [] : [{ name: 'PostgreSQL', open: createDatabase }]),
]

export const postgresNote =
  'PostgreSQL is a throw-away server on a unix socket that keeps nothing on disk (`fsync=off`).'
