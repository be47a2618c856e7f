import type { AuditEntry } from '@errand/contract'
import type { AuditLogRow } from '@errand/core'

/** An entry as GitHub's audit log has them, with its place in the chain. */
export function presentAuditEntry(row: AuditLogRow): AuditEntry {
  const time = row.timestamp.getTime()
  return {
    _document_id: String(row.number),
    '@timestamp': time,
    created_at: time,
    action: row.action,
    actor: row.actor_login,
    actor_id: row.actor_id,
    ...(row.owner_login !== null && { org: row.owner_login }),
    ...(row.owner_id !== null && { org_id: row.owner_id }),
    ...(row.repository_full_name !== null && { repo: row.repository_full_name }),
    ...(row.repository_id !== null && { repo_id: row.repository_id }),
    // It was written by appendAudit.
    data: JSON.parse(row.data) as AuditEntry['data'],
    number: row.number,
    previous_hash: row.previous_hash,
    hash: row.hash,
  }
}
