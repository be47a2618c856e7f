import { sql } from 'kysely'
import type { AgentValueRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import type { ValueKind } from './agent-values.ts'

/** A repository as an organization's visibilities see it. */
export interface SeenRepository {
  id: number
  private: boolean
  owner: { id: number }
}

/** An organization's that a repository has, one page of them by name, and how many there are. */
export async function listValuesFromOrganization(
  store: Store,
  kind: ValueKind,
  repository: SeenRepository,
  { page, per_page: perPage }: { page: number; per_page: number },
): Promise<{ total: number; rows: AgentValueRow[] }> {
  return await patiently(async () => {
    const rows = await store.db
      .selectFrom('agent_values')
      .selectAll()
      .where('kind', '=', kind)
      .where(isFromOrganization(repository))
      .orderBy('name')
      .execute()
    // An organization has a thousand at most.
    return { total: rows.length, rows: rows.slice((page - 1) * perPage, page * perPage) }
  })
}

/**
 * All that a repository's agents are given, each name once: what the repository says itself before what
 * its organization says.
 */
export async function valuesOfRepository(
  store: Store,
  repository: SeenRepository,
): Promise<AgentValueRow[]> {
  return await patiently(() =>
    store.db
      .selectFrom('agent_values')
      .distinctOn(['kind', 'name'])
      .selectAll()
      .where((where) =>
        where.or([
          where.and([
            where('target_type', '=', 'repository'),
            where('target_id', '=', repository.id),
          ]),
          isFromOrganization(repository),
        ]),
      )
      .orderBy('kind')
      .orderBy('name')
      .orderBy('target_type', 'desc')
      .execute(),
  )
}

/** By its visibility (behaviour.md 3.7). */
function isFromOrganization({ id, owner, private: isPrivate }: SeenRepository) {
  return sql<boolean>`(
    target_type = 'organization'
    and target_id = ${owner.id}
    and (visibility = 'all'
      or (visibility = 'private' and ${isPrivate}::boolean)
      or (visibility = 'selected' and exists (
        select from agent_value_repositories
        where value_id = agent_values.id and repository_id = ${id}))))`
}
