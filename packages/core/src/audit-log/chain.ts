import { createHash } from 'node:crypto'
import type { AuditLogRow } from '../store/schema.ts'

export type UnhashedEntry = Omit<AuditLogRow, 'hash'>

/** The hash of an entry: SHA-256 over its fields in this order, the hash of the one before it among them. */
export function hashOfEntry(entry: UnhashedEntry): string {
  const fields = [
    entry.number,
    entry.timestamp.getTime(),
    entry.action,
    entry.actor_id,
    entry.actor_login,
    entry.owner_id,
    entry.owner_login,
    entry.repository_id,
    entry.repository_full_name,
    entry.data,
    entry.previous_hash,
  ]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

/** The end of a chain: kept elsewhere, it shows later that nothing was cut off behind it. */
export interface ChainHead {
  /** How many entries there are; 0 for an empty log. */
  number: number
  hash: string
}

export type Verification =
  | { ok: true; head: ChainHead }
  /** `number` is the first entry that is not what it was, or is not there. */
  | { ok: false; number: number; problem: string }

/**
 * Whether a log is as it was written: no entry changed, taken out, put in or moved. That its end was cut
 * off shows only against a head that was kept.
 */
export async function verifyChain(
  entries: AsyncIterable<AuditLogRow> | Iterable<AuditLogRow>,
  kept?: ChainHead,
): Promise<Verification> {
  let head: ChainHead = { number: 0, hash: '' }
  for await (const entry of entries) {
    const number = head.number + 1
    if (entry.number !== number) return broken(number, 'is missing')
    if (entry.previous_hash !== head.hash)
      return broken(number, 'does not follow the one before it')
    if (hashOfEntry(entry) !== entry.hash) return broken(number, 'was changed')
    head = { number, hash: entry.hash }
    if (number === kept?.number && entry.hash !== kept.hash) {
      return broken(number, 'is another than the one that was kept')
    }
  }
  if (kept !== undefined && head.number < kept.number) {
    return broken(head.number + 1, 'was cut off, with all behind it')
  }
  return { ok: true, head }
}

function broken(number: number, problem: string): Verification {
  return { ok: false, number, problem }
}
