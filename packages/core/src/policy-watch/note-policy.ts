import { sql } from 'kysely'
import type { PolicyVersionRow } from '../store/schema.ts'
import { now, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/** Any number: two servers that are given the same policy note it once. */
const policyLock = 4_172_014

/** The policy of that hash, noted with the time if it is another than the last. */
export async function notePolicy(store: Store, hash: string): Promise<PolicyVersionRow> {
  return await transact(store, async (tx) => {
    await sql`select pg_advisory_xact_lock(${policyLock})`.execute(tx)
    const last = await tx
      .selectFrom('policy_versions')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (last?.hash === hash) return last
    const audit = await tx
      .selectFrom('audit_log')
      .select((select) => select.fn.max('number').as('number'))
      .executeTakeFirst()
    return await tx
      .insertInto('policy_versions')
      .values({ hash, seen_at: now(store), entry: audit?.number ?? 0 })
      .returningAll()
      .executeTakeFirstOrThrow()
  })
}
