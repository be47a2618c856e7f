import { z } from 'zod'
import { type McpValue, mcpValuesOf } from '../mcp/values.ts'
import { defineRule, type Finding } from '../rule.ts'
import { literalsIn, referencesIn } from '../secrets/references.ts'
import { isHarmless, isSecretName } from '../secrets/secret-names.ts'

export const mcpSecretReferences = defineRule({
  id: 'mcp-secret-references',
  title: 'MCP servers get secrets only by a $COPILOT_MCP_ reference',
  explanation:
    'Everybody who may read the configuration reads what stands in it, so the value of a variable, a header or an option that is named like a secret must be a reference such as `$COPILOT_MCP_TOKEN`. Other references stand for nothing, or for something that was not meant; arguments may use the names of the same server’s env.',
  defaultSeverity: 'error',
  parameters: z.strictObject({}),
  check: (configuration) => mcpValuesOf(configuration).flatMap(findIn),
})

function findIn(item: McpValue): Finding[] {
  const { path, place: subject } = item
  const wrong = referencesIn(item.value).find(({ name }) => !isAllowedName(item, name))
  if (wrong !== undefined) {
    const message = `\`${subject}\` refers to \`${wrong.name}\`, which does not begin with COPILOT_MCP_.`
    return [{ path, subject, message }]
  }
  if (!isSecretName(item.name) || !hasLiteralSecret(item.value)) return []
  const message = `\`${subject}\` is named like a secret and written out: use a $COPILOT_MCP_ reference.`
  return [{ path, subject, message }]
}

function isAllowedName({ part, defined }: McpValue, name: string): boolean {
  return name.startsWith('COPILOT_MCP_') || (part === 'args' && defined.has(name))
}

function hasLiteralSecret(value: string): boolean {
  // The name of the secret alone is one of the documented forms.
  if (/^COPILOT_MCP_\w+$/.test(value)) return false
  // `Bearer $COPILOT_MCP_TOKEN`: the scheme is none.
  return literalsIn(value.replace(/^\s*(?:bearer|basic|token|bot)\s+/i, '')).some(
    (literal) => !isHarmless(literal),
  )
}
