import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/** A repository this server knows, by its latest name. */
export interface WatchedRepository {
  id: number
  full_name: string
  owner: { id: number }
}

/** Those that were configured here, or had a task. Others have what holds for everybody. */
export async function watchedRepositories(store: Store): Promise<WatchedRepository[]> {
  const found = await patiently(() =>
    sql<{ id: number; full_name: string; owner_id: number }>`
      select distinct on (known.id) known.id, known.full_name, known.owner_id
      from (
        select repository_id as id, repository_full_name as full_name, owner_id, created_at as at
        from tasks
        union all
        select repository_id, repository_full_name, owner_id, timestamp
        from audit_log
        where repository_id is not null and owner_id is not null
      ) as known
      order by known.id, known.at desc`.execute(store.db),
  )
  return found.rows.map(({ owner_id: ownerId, ...row }) => ({ ...row, owner: { id: ownerId } }))
}

/** The number of the latest entry of the audit log: as long as it stays, no configuration changes. */
export async function latestAuditEntry(store: Store): Promise<number> {
  const found = await patiently(() =>
    store.db
      .selectFrom('audit_log')
      .select((select) => select.fn.max('number').as('number'))
      .executeTakeFirst(),
  )
  return found?.number ?? 0
}
