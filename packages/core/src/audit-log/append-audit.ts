import { sql } from 'kysely'
import { storableText } from '../events/storable-json.ts'
import type { AuditLogRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { hashOfEntry } from './chain.ts'

/** Any number, as long as no other part of this program takes the same lock. */
const auditLock = 4_172_007

export interface NewAuditEntry {
  /** As GitHub names its events: `repo.update_copilot_cloud_agent_configuration`. */
  action: string
  actor: { id: number; login: string }
  owner?: { id: number; login: string }
  repository?: { id: number; full_name: string }
  before: unknown
  after: unknown
}

/**
 * Writes down who changed what, in the transaction of the change: there is none without the other. Two
 * who write at once come one after the other, for each holds the hash of the one before.
 */
export async function appendAudit(store: Store, tx: Tx, entry: NewAuditEntry): Promise<void> {
  await sql`select pg_advisory_xact_lock(${auditLock})`.execute(tx)
  const last = await tx
    .selectFrom('audit_log')
    .select(['number', 'hash'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  const { rows } = await sql<{ time: Date }>`select ${now(store)} as time`.execute(tx)
  const { before, after } = entry
  const row = {
    number: (last?.number ?? 0) + 1,
    // A select without a table has one row.
    timestamp: rows[0]!.time,
    action: entry.action,
    actor_id: entry.actor.id,
    actor_login: entry.actor.login,
    owner_id: entry.owner?.id ?? null,
    owner_login: entry.owner?.login ?? null,
    repository_id: entry.repository?.id ?? null,
    repository_full_name: entry.repository?.full_name ?? null,
    data: storableText(JSON.stringify({ before: before ?? null, after: after ?? null })),
    previous_hash: last?.hash ?? '',
  } satisfies Omit<AuditLogRow, 'hash'>
  await tx
    .insertInto('audit_log')
    .values({ ...row, hash: hashOfEntry(row) })
    .execute()
}
