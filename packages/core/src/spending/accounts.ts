import type { BudgetScope } from '@errand/contract'
import { sql } from 'kysely'
import type { AccountRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/** Whose money a session spends. */
export interface Spender {
  owner_id: number
  repository_id: number
  user_id: number
  task_id: string
}

/** Months are those of UTC, on every machine. */
export function monthOf(store: Pick<Store, 'clock'>): string {
  const now = store.clock?.now() ?? new Date()
  return `${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`
}

/** Where a spender's spending is added up, in the month given as `2026-11`. */
export function accountOf(scope: BudgetScope | 'task', spender: Spender, month: string): string {
  if (scope === 'task') return `task:${spender.task_id}`
  const ids = {
    organization: spender.owner_id,
    repository: spender.repository_id,
    user: spender.user_id,
  }
  return `${scope}:${ids[scope]}:${month}`
}

/** All accounts of a spender, in the order they are locked in. */
export function accountsOf(spender: Spender, month: string): string[] {
  const scopes = ['organization', 'repository', 'task', 'user'] as const
  return scopes.map((scope) => accountOf(scope, spender, month)).toSorted()
}

/** What was spent and is reserved; an account nothing was spent from is not there. */
export async function readAccounts(
  db: Store['db'],
  ids: readonly string[],
): Promise<Map<string, AccountRow>> {
  if (ids.length === 0) return new Map()
  const found = await db.selectFrom('accounts').selectAll().where('id', 'in', ids).execute()
  return new Map(found.map((account) => [account.id, account]))
}

/**
 * Adds to accounts, each of which is there, in the order in which all lock them.
 *
 * @param change in nano AI credits
 */
export async function addToAccounts(
  db: Store['db'],
  ids: readonly string[],
  change: { spent: number; reserved: number },
): Promise<void> {
  await sql`
    with locked as (
      select id from accounts where id = any(${ids}::text[]) order by id for update
    )
    update accounts
    set spent_nano = accounts.spent_nano + ${change.spent}::bigint,
      reserved_nano = greatest(0, accounts.reserved_nano + ${change.reserved}::bigint)
    from locked
    where accounts.id = locked.id`.execute(db)
}
