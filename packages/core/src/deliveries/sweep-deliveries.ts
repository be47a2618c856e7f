import { sql } from 'kysely'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'

/**
 * Ten times as long as GitHub can be asked to send a delivery again, and longer than a comment may be old
 * to be taken: what is forgotten here cannot come back.
 */
const keptDays = 30

/** Forgets deliveries, and comments that are done with, of long ago. */
export async function sweepDeliveries(store: Store): Promise<void> {
  const before = sql<Date>`${now(store)} - make_interval(days => ${keptDays})`
  await patiently(() =>
    store.db.deleteFrom('forge_deliveries').where('received_at', '<', before).execute(),
  )
  await patiently(() =>
    store.db
      .deleteFrom('pull_comments')
      .where('received_at', '<', before)
      .where('closed_at', 'is not', null)
      .execute(),
  )
}
