import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { addToAccounts } from './accounts.ts'

/**
 * Frees what is reserved for requests whose runner was lost with them. What was counted of them stays;
 * they are kept for a day, as a runner that was only thought lost may still count the rest. Safe to
 * run in several processes at once. Returns how many were freed.
 */
export async function sweepRequests(store: Store): Promise<number> {
  const lost = await patiently(() =>
    sql<{ id: string }>`
      select request.id
      from model_requests as request
      join sessions as session on session.id = request.session_id
      where request.reserved_nano > 0
        and (session.attempt <> request.attempt or session.lease_expires_at is null)
      limit 1000`.execute(store.db),
  )
  for (const { id } of lost.rows) await free(store, id)
  await sql`
    delete from model_requests as request
    using sessions as session
    where session.id = request.session_id
      and (session.attempt <> request.attempt or session.lease_expires_at is null)
      and request.reserved_nano = 0
      and request.started_at < ${now(store)} - interval '1 day'`.execute(store.db)
  return lost.rows.length
}

async function free(store: Store, id: string): Promise<void> {
  await transact(store, async (tx) => {
    const request = await tx
      .selectFrom('model_requests')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (request === undefined || request.reserved_nano === 0) return
    await addToAccounts(tx, request.account_ids, { spent: 0, reserved: -request.reserved_nano })
    await tx.updateTable('model_requests').set({ reserved_nano: 0 }).where('id', '=', id).execute()
  })
}
