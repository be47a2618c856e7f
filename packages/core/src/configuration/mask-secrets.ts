import { mcpSecretPrefix } from '@errand/contract'

/** Fields of an MCP server whose values may be secrets, where they do not name one. */
const secretFields = new Set(['env', 'headers'])
const mask = '********'

/**
 * A configuration as it may be written down: in `env` and `headers` of MCP servers only references to
 * secrets are shown, for whoever put a secret there itself did it by mistake.
 */
export function maskSecrets(value: unknown, isSecret = false): unknown {
  if (typeof value === 'string') return isSecret && !isReference(value) ? mask : value
  if (Array.isArray(value)) return value.map((inner) => maskSecrets(inner, isSecret))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      maskSecrets(inner, isSecret || secretFields.has(key)),
    ]),
  )
}

/** Nothing but the name of a secret, perhaps behind a word like `Bearer`. */
function isReference(value: string): boolean {
  return new RegExp(`^(?:[A-Za-z]{1,20} )?\\$\\{?${mcpSecretPrefix}\\w+\\}?$`).test(value)
}
