import { createBlankDatabase, postgresUrl } from '@errand/core/testing'

export { postgresUrl }

export interface Database extends AsyncDisposable {
  url: string
}

/** A database of its own that nobody has migrated; dropped when disposed of, whoever is still connected. */
export async function createDatabase(): Promise<Database> {
  if (postgresUrl === undefined) throw new Error('ERRAND_TEST_DATABASE_URL is not set')
  const database = await createBlankDatabase()
  return {
    url: database.options.databaseUrl,
    [Symbol.asyncDispose]: () => database.drop(),
  }
}
