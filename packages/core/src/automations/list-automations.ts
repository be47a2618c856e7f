import { sql } from 'kysely'
import type { AutomationRow } from '../store/automation-rows.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

export interface AutomationFilter {
  repository_id?: number
  creator_id?: number
  /** In any case. */
  creator_login?: string
  owner_type?: AutomationRow['owner_type']
  enabled?: boolean
  /** Those with a trigger of this key. */
  event?: string
  page: number
  per_page: number
}

/** A page of automations, in the order they were made. */
export async function listAutomations(
  store: Store,
  filter: AutomationFilter,
): Promise<{ automations: AutomationRow[]; has_more: boolean }> {
  const { repository_id, creator_id, creator_login, owner_type, enabled, event } = filter
  const conditions = [
    sql`true`,
    ...(repository_id === undefined ? [] : [sql`repository_id = ${repository_id}`]),
    ...(creator_id === undefined ? [] : [sql`creator_id = ${creator_id}`]),
    ...(creator_login === undefined ? [] : [sql`lower(creator_login) = lower(${creator_login})`]),
    ...(owner_type === undefined ? [] : [sql`owner_type = ${owner_type}`]),
    ...(enabled === undefined ? [] : [sql`enabled = ${enabled}`]),
    ...(event === undefined ? [] : [sql`jsonb_exists(triggers, ${event})`]),
  ]
  const found = await patiently(() =>
    sql<AutomationRow>`
      select *
      from automations
      where ${sql.join(conditions, sql` and `)}
      order by position
      offset ${(filter.page - 1) * filter.per_page}
      limit ${filter.per_page + 1}`.execute(store.db),
  )
  return {
    automations: found.rows.slice(0, filter.per_page),
    has_more: found.rows.length > filter.per_page,
  }
}

/** @param id a UUID */
export async function getAutomation(store: Store, id: string): Promise<AutomationRow | undefined> {
  return await patiently(() =>
    store.db.selectFrom('automations').selectAll().where('id', '=', id).executeTakeFirst(),
  )
}

/** Deletes an automation with its history. Its tasks stay, and one that runs goes on. */
export async function deleteAutomation(store: Store, id: string): Promise<void> {
  await patiently(() => store.db.deleteFrom('automations').where('id', '=', id).execute())
}
