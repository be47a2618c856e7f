import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import { startErrand } from '../support/start-errand.ts'
import { scriptPrompt, untilState } from '../support/tasks.ts'

const cuts = 6

describe.skipIf(postgresUrl === undefined)('PostgreSQL that goes away under load', () => {
  it('stops nothing: server and runner go on where they were', { timeout: 300_000 }, async () => {
    await using database = await createDatabase()
    await using errand = await startErrand({
      databaseUrl: database.url,
      settings: { sessions: { lease_seconds: 3 } },
    })
    await errand.addRepository('acme/sums')

    const ids: string[] = []
    for (let cut = 0; cut < cuts; cut += 1) {
      const { id } = await errand.client.call('createTask', {
        params: { owner: 'acme', repo: 'sums' },
        body: {
          prompt: scriptPrompt(`sleep 1; echo ${cut} > cut-${cut}.txt`, `Cut ${cut}`),
          model: 'script',
          create_pull_request: true,
        },
      })
      ids.push(id)
      // Not a wait for something: the cuts fall where the tasks happen to be.
      await delay(400)
      await cutConnections(database.url)
    }
    for (const id of ids) await untilState(errand.client, id, 'completed')

    expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/sums'))).toHaveLength(
      cuts + 1,
    )
    expect(await listPulls(errand.client, 'acme/sums')).toHaveLength(cuts)
  })
})

/** Ends every connection to the database, as a restart of PostgreSQL does. */
async function cutConnections(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    )
  } finally {
    await client.end()
  }
}
