import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { migrate } from './migrate.ts'
import { describeOnEachStore } from '../testing/stores.ts'

describeOnEachStore('migrating', (on) => {
  async function applied(): Promise<string[]> {
    const rows = await sql<{ name: string }>`select name from migrations order by name`.execute(
      on.store.db,
    )
    return rows.rows.map((row) => row.name)
  }

  it('changes nothing the second time, also when several start at once', async () => {
    const before = await applied()

    await Promise.all([migrate(on.store.db), migrate(on.store.db), migrate(on.store.db)])

    expect(before.length).toBeGreaterThan(0)
    expect(await applied()).toEqual(before)
  })

  it('refuses a database that a newer version made', async () => {
    await sql`insert into migrations (name) values ('9999_future.sql')`.execute(on.store.db)

    await expect(migrate(on.store.db)).rejects.toThrow(/newer version of Errand.*9999_future/)

    await sql`delete from migrations where name = '9999_future.sql'`.execute(on.store.db)
  })
})

it('is published with its migrations', async () => {
  const manifest = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { files: string[] }

  expect(manifest.files).toContain('migrations')
})
