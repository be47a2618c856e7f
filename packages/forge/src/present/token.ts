import { fullName, roleIn } from '../identity/access.ts'
import { isExpired } from '../identity/expired-tokens.ts'
import type { Records, Token } from '../records/records.ts'

/** A token as lists have it: everything but what would let somebody use it. */
export function presentToken(records: Records, token: Token) {
  const user = records.accounts.get(String(token.user_id))
  return {
    id: token.id,
    name: token.name,
    kind: token.kind,
    user: user === undefined ? null : { id: user.id, login: user.login },
    scopes: token.scopes,
    permissions: token.permissions,
    repository_selection: token.repository_ids === undefined ? 'all' : 'selected',
    repositories: (token.repository_ids ?? []).flatMap((id) => {
      const repository = records.repositories.get(String(id))
      // What its user may no longer see has no name for them.
      const isSeen = repository && user && roleIn(records, user, repository) !== undefined
      return isSeen === true ? [fullName(records, repository)] : []
    }),
    created_at: token.created_at,
    last_used_at: token.last_used_at ?? null,
    expires_at: token.expires_at ?? null,
    expired: isExpired(token),
  }
}
