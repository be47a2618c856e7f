import type { Caller } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { fullName, permissionIn } from '../identity/access.ts'
import type { Repository } from '../records/records.ts'

/** All repositories a caller may see, in no order. */
export function visibleRepositories(
  { records }: ForgeContext,
  caller: Caller | undefined,
): Repository[] {
  return records.repositories
    .values()
    .filter((item) => permissionIn(records, caller, item) !== undefined)
}

export interface RepositoryOrder {
  /** Default: by name. */
  sort?: 'created' | 'updated' | 'pushed' | 'full_name' | undefined
  /** Default: from A to Z, and the newest first. */
  direction?: 'asc' | 'desc' | undefined
}

export function sortRepositories(
  { records }: ForgeContext,
  items: Repository[],
  { sort = 'full_name', direction }: RepositoryOrder,
): Repository[] {
  const keyOf = (item: Repository): string =>
    sort === 'full_name' ? fullName(records, item).toLowerCase() : item[`${sort}_at`]
  const sign = (direction ?? (sort === 'full_name' ? 'asc' : 'desc')) === 'asc' ? 1 : -1
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : a.item.id - b.item.id))
    .map(({ item }) => item)
}
