import { expect, it } from 'vitest'
import { sql } from 'kysely'
import { describeOnEachStore } from '../testing/stores.ts'
import { openStore } from './open.ts'

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

    it('finds the schema in place when it is opened again', async () => {
      if (on.store.kind === 'pglite') await on.store.close()

      await using again = await openStore(on.database.options)

      const applied = await sql<{ name: string }>`select name from migrations`.execute(again.db)
      expect(applied.rows.length).toBeGreaterThan(0)
    })
  },
  { clock: 'database' },
)
