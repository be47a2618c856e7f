import { z } from 'zod'
import { type McpValue, mcpValuesOf } from '../mcp/values.ts'
import { defineRule, type Finding } from '../rule.ts'
import { secretKindOf } from '../secrets/looks-like-secret.ts'
import { literalsIn } from '../secrets/references.ts'
import { isHarmless, isSecretName } from '../secrets/secret-names.ts'

export const mcpNoLiteralSecrets = defineRule({
  id: 'mcp-no-literal-secrets',
  title: 'No literal in the MCP configuration looks like a secret',
  explanation:
    'A text that bears the mark of an issuer (`ghp_`, `AKIA`, `sk-`), looks random, or is a password within a URL is probably a secret, whatever it is called. Revoke it: everybody who may read the configuration has read it. Then store the new one as a secret named COPILOT_MCP_… and refer to it.',
  defaultSeverity: 'error',
  parameters: z.strictObject({}),
  check: (configuration) => mcpValuesOf(configuration).flatMap(findIn),
})

function findIn(item: McpValue): Finding[] {
  const kind =
    urlSecretOf(item.value) ??
    literalsIn(item.value)
      .map(secretKindOf)
      .find((found) => found !== undefined)
  if (kind === undefined) return []
  // The value itself must not reach a log by way of a report.
  const message = `\`${item.place}\` holds what looks like ${kind}: revoke it, and use a $COPILOT_MCP_ reference.`
  return [{ path: item.path, subject: item.place, message }]
}

/** `https://user:password@host` and `?api_key=...`, as far as they are written out. */
function urlSecretOf(value: string): string | undefined {
  const url = URL.parse(value)
  if (url === null) return undefined
  const isLiteral = (text: string): boolean =>
    literalsIn(text).some((literal) => !isHarmless(literal))
  if (isLiteral(decoded(url.password))) return 'a password in a URL'
  const named = [...url.searchParams].find(([name, text]) => isSecretName(name) && isLiteral(text))
  return named === undefined ? undefined : 'a secret in a URL'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
