import { placeOfCampaign, placeOfTask } from '../credentials/keep-credential.ts'
import { placeOfValue } from '../secrets/agent-values.ts'
import type { Store } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'
import { placeOfSecret } from '../webhooks/webhooks.ts'
import type { Encryption } from './encryption.ts'

/** Rows to a transaction: a short one, since others write meanwhile. */
const batchSize = 200

/**
 * Seals everything that another key sealed with the first one. What is done stays done: stopped anywhere, the next
 * time goes on with what is left. Each row is changed only as it was read: what somebody else sealed meanwhile
 * is seen once more.
 *
 * @returns how many were sealed anew
 * @throws SealBroken where none of the keys opens one
 */
export async function reseal(store: Store, encryption: Encryption): Promise<number> {
  const counts = [
    await resealCredentials(store, encryption),
    await resealWebhooks(store, encryption),
    await resealValues(store, encryption),
  ]
  await dropBoxKey(store, encryption)
  return counts.reduce((sum, count) => sum + count, 0)
}

interface Sealed {
  id: number
  sealed: string
  about: string
}

async function resealCredentials(store: Store, encryption: Encryption): Promise<number> {
  return await inBatches(
    async () => {
      const rows = await store.db
        .selectFrom('credentials')
        .selectAll()
        .where('sealed', 'not like', byFirst(encryption))
        .orderBy('position')
        .limit(batchSize)
        .execute()
      return rows.map(({ position, sealed, task_id, campaign_id, user_id }) => ({
        id: position,
        sealed,
        // One of the two is set.
        about:
          task_id === null ? placeOfCampaign(campaign_id!, user_id) : placeOfTask(task_id, user_id),
      }))
    },
    (rows) =>
      transact(store, async (tx) => {
        for (const { id, sealed, about } of rows) {
          await tx
            .updateTable('credentials')
            .set({ sealed: anew(encryption, sealed, about) })
            .where('position', '=', id)
            .where('sealed', '=', sealed)
            .execute()
        }
      }),
  )
}

async function resealWebhooks(store: Store, encryption: Encryption): Promise<number> {
  return await inBatches(
    async () => {
      const rows = await store.db
        .selectFrom('webhooks')
        .select(['id', 'seal_id', 'secret'])
        .where('secret', 'not like', byFirst(encryption))
        .orderBy('id')
        .limit(batchSize)
        .execute()
      // A null is like nothing, and unlike nothing.
      return rows.map(({ id, seal_id, secret }) => ({
        id,
        sealed: secret ?? '',
        about: placeOfSecret(seal_id),
      }))
    },
    (rows) =>
      transact(store, async (tx) => {
        for (const { id, sealed, about } of rows) {
          await tx
            .updateTable('webhooks')
            .set({ secret: anew(encryption, sealed, about) })
            .where('id', '=', id)
            .where('secret', '=', sealed)
            .execute()
        }
      }),
  )
}

async function resealValues(store: Store, encryption: Encryption): Promise<number> {
  return await inBatches(
    async () => {
      const rows = await store.db
        .selectFrom('agent_values')
        .select(['id', 'target_type', 'target_id', 'name', 'value'])
        .where('kind', '=', 'secret')
        .where('value', 'not like', byFirst(encryption))
        .orderBy('id')
        .limit(batchSize)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        sealed: row.value,
        about: placeOfValue(row, row.name),
      }))
    },
    (rows) =>
      transact(store, async (tx) => {
        for (const { id, sealed, about } of rows) {
          await tx
            .updateTable('agent_values')
            .set({ value: anew(encryption, sealed, about) })
            .where('id', '=', id)
            .where('value', '=', sealed)
            .execute()
        }
      }),
  )
}

/** A new pair is made when the next client asks: the old one may be known with the old key. */
async function dropBoxKey(store: Store, encryption: Encryption): Promise<void> {
  await patiently(() =>
    store.db
      .deleteFrom('sealed_box_key')
      .where('sealed', 'not like', byFirst(encryption))
      .execute(),
  )
}

async function inBatches(
  read: () => Promise<Sealed[]>,
  write: (rows: Sealed[]) => Promise<void>,
): Promise<number> {
  for (let count = 0; ;) {
    const rows = await patiently(read)
    if (rows.length === 0) return count
    await write(rows)
    count += rows.length
  }
}

function anew({ open, seal }: Encryption, sealed: string, about: string): string {
  return seal(open(sealed, about), about)
}

/** What the first key sealed. */
function byFirst({ keyId }: Encryption): string {
  return `v1.${keyId}.%`
}
