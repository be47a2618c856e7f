import type { AuditLogRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

export interface AuditFilter {
  /** Entries of this owner alone. Default: all there are. */
  owner_id?: number
  actions?: string[]
  actors?: string[]
  repositories?: string[]
  since?: Date
  until?: Date
  /** Numbers: what lies behind the first and in front of the other, in the order asked for. */
  after?: number
  before?: number
  order: 'asc' | 'desc'
  limit: number
}

/** A page of the audit log. Texts are compared in lower case; an action may end in `*`. */
export async function listAudit(store: Store, filter: AuditFilter): Promise<AuditLogRow[]> {
  const { order } = filter
  const isUp = order === 'asc'
  // The page in front of a cursor is read from the cursor, and turned round.
  const isBackward = filter.before !== undefined && filter.after === undefined
  let query = store.db.selectFrom('audit_log').selectAll()
  if (filter.owner_id !== undefined) query = query.where('owner_id', '=', filter.owner_id)
  if (filter.after !== undefined) query = query.where('number', isUp ? '>' : '<', filter.after)
  if (filter.before !== undefined) query = query.where('number', isUp ? '<' : '>', filter.before)
  if (filter.since !== undefined) query = query.where('timestamp', '>=', filter.since)
  if (filter.until !== undefined) query = query.where('timestamp', '<=', filter.until)
  if (filter.actions !== undefined) {
    const patterns = filter.actions.map(patternOf)
    query = query.where((when) => when.or(patterns.map((like) => when('action', 'like', like))))
  }
  const { actors, repositories } = filter
  if (actors !== undefined) {
    query = query.where((when) => when(when.fn('lower', ['actor_login']), 'in', lower(actors)))
  }
  if (repositories !== undefined) {
    query = query.where((when) =>
      when(when.fn('lower', ['repository_full_name']), 'in', lower(repositories)),
    )
  }
  const rows = await query
    .orderBy('number', isUp === isBackward ? 'desc' : 'asc')
    .limit(filter.limit)
    .execute()
  return isBackward ? rows.reverse() : rows
}

function patternOf(action: string): string {
  const escaped = action.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)
  return escaped.replace(/\*$/, '%')
}

function lower(texts: string[]): string[] {
  return texts.map((text) => text.toLowerCase())
}
