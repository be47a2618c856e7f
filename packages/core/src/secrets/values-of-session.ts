import { mcpSecretPrefix } from '@errand/contract'
import type { Encryption } from '../encryption/encryption.ts'
import type { Store } from '../store/store.ts'
import { placeOfValue } from './agent-values.ts'
import { type SeenRepository, valuesOfRepository } from './values-of-repository.ts'

/** What a session is given, by name. */
export interface SessionValues {
  /** For setup steps and the agent: in the environment of their processes. */
  environment: Record<string, string>
  /** For MCP servers, and nobody else (behaviour.md 3.7). */
  mcp: Record<string, string>
  /** The secrets of both: what is to be masked wherever it shows. */
  secrets: string[]
}

/**
 * The secrets and variables of a session in a repository: the repository's before its organization's, and of one
 * name the secret before the variable.
 *
 * @throws SealBroken where the key of this process is not the one that sealed them
 */
export async function valuesOfSession(
  store: Store,
  encryption: Encryption,
  repository: SeenRepository,
): Promise<SessionValues> {
  const rows = await valuesOfRepository(store, repository)
  const values: SessionValues = { environment: {}, mcp: {}, secrets: [] }
  // Variables first: what comes later takes the place of what is there.
  for (const row of rows.toSorted((a, b) => b.kind.localeCompare(a.kind))) {
    const isSecret = row.kind === 'secret'
    const value = isSecret ? encryption.open(row.value, placeOfValue(row, row.name)) : row.value
    const place = row.name.startsWith(mcpSecretPrefix) ? values.mcp : values.environment
    place[row.name] = value
    if (isSecret) values.secrets.push(value)
  }
  return values
}
