import { placeOfCampaign, placeOfTask } from '../credentials/keep-credential.ts'
import { placeOfValue } from '../secrets/agent-values.ts'
import type { Store, Tx } from '../store/store.ts'
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
  let count = 0
  for (const table of [credentials, webhooks, values]) {
    count += await resealTable(store, encryption, table)
  }
  await dropBoxKey(store, encryption)
  return count
}

interface Sealed {
  id: number
  sealed: string
  about: string
}

/** Where sealed texts are, and how one takes the place of another. */
interface SealedTable {
  /** Some of those that are not like `byFirst`. */
  read: (store: Store, byFirst: string) => Promise<Sealed[]>
  /** Only where it still is as it was read. */
  write: (tx: Tx, row: Sealed, sealed: string) => Promise<unknown>
}

const credentials: SealedTable = {
  async read({ db }, byFirst) {
    const rows = await db
      .selectFrom('credentials')
      .selectAll()
      .where('sealed', 'not like', byFirst)
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
  write: (tx, row, sealed) =>
    tx
      .updateTable('credentials')
      .set({ sealed })
      .where('position', '=', row.id)
      .where('sealed', '=', row.sealed)
      .execute(),
}

const webhooks: SealedTable = {
  async read({ db }, byFirst) {
    const rows = await db
      .selectFrom('webhooks')
      .select(['id', 'seal_id', 'secret'])
      .where('secret', 'not like', byFirst)
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
  write: (tx, row, secret) =>
    tx
      .updateTable('webhooks')
      .set({ secret })
      .where('id', '=', row.id)
      .where('secret', '=', row.sealed)
      .execute(),
}

const values: SealedTable = {
  async read({ db }, byFirst) {
    const rows = await db
      .selectFrom('agent_values')
      .select(['id', 'target_type', 'target_id', 'name', 'value'])
      .where('kind', '=', 'secret')
      .where('value', 'not like', byFirst)
      .orderBy('id')
      .limit(batchSize)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      sealed: row.value,
      about: placeOfValue(row, row.name),
    }))
  },
  write: (tx, row, value) =>
    tx
      .updateTable('agent_values')
      .set({ value })
      .where('id', '=', row.id)
      .where('value', '=', row.sealed)
      .execute(),
}

async function resealTable(
  store: Store,
  encryption: Encryption,
  { read, write }: SealedTable,
): Promise<number> {
  for (let count = 0; ;) {
    const rows = await patiently(() => read(store, byFirst(encryption)))
    if (rows.length === 0) return count
    await transact(store, async (tx) => {
      for (const row of rows) await write(tx, row, anew(encryption, row))
    })
    count += rows.length
  }
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

function anew({ open, seal }: Encryption, { sealed, about }: Sealed): string {
  return seal(open(sealed, about), about)
}

/** What the first key sealed. */
function byFirst({ keyId }: Encryption): string {
  return `v1.${keyId}.%`
}
