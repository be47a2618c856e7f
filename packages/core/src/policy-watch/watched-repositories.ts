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

/**
 * How many repositories have had a task. Grows with each of `watchedRepositories` that the audit log does not
 * know; read by the index alone, one step for each repository, however many tasks there are.
 */
export async function countTaskRepositories(store: Store): Promise<number> {
  const found = await patiently(() =>
    sql<{ count: number }>`
      with recursive known as (
        select min(repository_id) as id from tasks
        union all
        select (select min(repository_id) from tasks where repository_id > known.id)
        from known
        where known.id is not null
      )
      select count(id)::integer as count from known`.execute(store.db),
  )
  return found.rows[0]?.count ?? 0
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
