import type { PolicyDeviationRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

export interface DeviationFilter {
  owner_id: number
  state: 'open' | 'ended' | 'all'
  /** `owner/name`, in any case. */
  repository?: string
  page: number
  per_page: number
}

/** A page of deviations, the latest first. */
export async function listDeviations(
  store: Store,
  { owner_id: ownerId, state, repository, page, per_page: perPage }: DeviationFilter,
): Promise<{ deviations: PolicyDeviationRow[]; has_more: boolean }> {
  const rows = await patiently(() =>
    store.db
      .selectFrom('policy_deviations')
      .selectAll()
      .where('owner_id', '=', ownerId)
      .$if(state === 'open', (query) => query.where('ended_at', 'is', null))
      .$if(state === 'ended', (query) => query.where('ended_at', 'is not', null))
      .$if(repository !== undefined, (query) =>
        query.where(
          (when) => when.fn<string>('lower', ['repository_full_name']),
          '=',
          (repository ?? '').toLowerCase(),
        ),
      )
      .orderBy('id', 'desc')
      .offset((page - 1) * perPage)
      .limit(perPage + 1)
      .execute(),
  )
  return { deviations: rows.slice(0, perPage), has_more: rows.length > perPage }
}
