import { expect, it } from 'vitest'
import { sql } from 'kysely'
import { describeOnEachStore } from '../testing/stores.ts'
import { openStore } from './open.ts'
import { prepared } from './prepared.ts'

describeOnEachStore(
  'opening a store',
  (on) => {
    it('gives bigints as numbers, times as dates and json parsed', async () => {
      const result = await sql<{ big: number; at: Date; json: unknown }>`
        select 42::bigint as big, timestamptz '2026-01-02T03:04:05.678Z' as at, '{"a":[1]}'::jsonb as json`.execute(
        on.store.db,
      )

      expect(result.rows).toEqual([
        { big: 42, at: new Date('2026-01-02T03:04:05.678Z'), json: { a: [1] } },
      ])
    })

    it('parses a statement that is to be prepared once for each connection', async () => {
      await on.store.db.connection().execute(async (db) => {
        const ask = (value: number) =>
          sql<{ twice: number }>`${prepared}
            select 2 * ${value}::integer as twice`.execute(db)

        const answers = [await ask(1), await ask(2)]

        expect(answers.map(({ rows }) => rows[0]?.twice)).toEqual([2, 4])
        const { rows } = await sql`
          select from pg_prepared_statements where statement like '%as twice%' and name <> ''`.execute(
          db,
        )
        expect(rows).toHaveLength(on.store.kind === 'postgres' ? 1 : 0)
      })
    })

    it('finds the schema in place when it is opened again', async () => {
      if (on.store.kind === 'pglite') await on.store.close()

      await using again = await openStore(on.database.options)

      const applied = await sql<{ name: string }>`select name from migrations`.execute(again.db)
      expect(applied.rows.length).toBeGreaterThan(0)
    })
  },
  { clock: 'database' },
)
