import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

export interface Database extends AsyncDisposable {
  url: string
}

/** The PostgreSQL that `script/with-postgres` started for the tests; absent when there is none. */
export const postgresUrl = process.env.ERRAND_TEST_DATABASE_URL

/** An empty database of its own; dropped when disposed of, whoever is still connected. */
export async function createDatabase(): Promise<Database> {
  if (postgresUrl === undefined) throw new Error('ERRAND_TEST_DATABASE_URL is not set')
  const name = `errand_test_${randomBytes(6).toString('hex')}`
  await execute(postgresUrl, `create database ${name}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => execute(postgresUrl, `drop database ${name} with (force)`),
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
