import type { AuditEntry, Client } from '@errand/contract'
import type { AuditLogRow } from '@errand/core'

export interface AuditScope {
  /** An organization's entries. Default: the whole server's. */
  org?: string
  phrase?: string
  order: 'asc' | 'desc'
}

/** The entries of an audit log, page by page as they are taken. */
export async function* readEntries(
  client: Client,
  { org, phrase, order }: AuditScope,
  signal: AbortSignal,
): AsyncGenerator<AuditEntry> {
  const path = org === undefined ? '/audit-log' : `/orgs/${encodeURIComponent(org)}/audit-log`
  for (let after: string | undefined; ;) {
    const query = { phrase, order, after, per_page: 100 }
    const response = await client.request('GET', path, { query, signal })
    // The server answers with the entries.
    yield* (await response.json()) as AuditEntry[]
    const next = /[?&]after=([^&>]+)[^>]*>; rel="next"/.exec(response.headers.get('link') ?? '')
    if (next === null) return
    after = decodeURIComponent(next[1] ?? '')
  }
}

/** An entry as it was hashed. */
export function rowOf(entry: AuditEntry): AuditLogRow {
  return {
    number: entry.number,
    timestamp: new Date(entry['@timestamp']),
    action: entry.action,
    actor_id: entry.actor_id,
    actor_login: entry.actor,
    owner_id: entry.org_id ?? null,
    owner_login: entry.org ?? null,
    repository_id: entry.repo_id ?? null,
    repository_full_name: entry.repo ?? null,
    data: JSON.stringify(entry.data),
    previous_hash: entry.previous_hash,
    hash: entry.hash,
  }
}
