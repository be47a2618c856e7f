import type { AgentValueRow } from '@errand/core'
import type { Urls } from './urls.ts'

/** What is shown of a secret: never its value. */
export function presentSecret({ name, created_at, updated_at }: AgentValueRow) {
  return { name, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() }
}

export function presentVariable(row: AgentValueRow) {
  return { ...presentSecret(row), value: row.value }
}

/** What an organization says of it besides. */
export function presentReach({ kind, name, visibility }: AgentValueRow, org: string, urls: Urls) {
  if (visibility !== 'selected') return { visibility }
  const url = `${urls.api}/orgs/${org}/agents/${kind}s/${name}/repositories`
  return { visibility, selected_repositories_url: url }
}
