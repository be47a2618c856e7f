import { z } from 'zod'

/** What starts beside an agent, as it stands in `mcp_configuration.mcpServers`: nobody has checked it. */
export type McpServer = Readonly<Record<string, unknown>>

/** The keys of `mcp_configuration` that are understood. What stands under another key nobody can judge. */
const McpConfiguration = z.strictObject({
  mcpServers: z.record(z.string(), z.record(z.string(), z.unknown())).exactOptional(),
})

/**
 * A repository's configuration as `GET /repos/{owner}/{repo}/copilot/cloud-agent/configuration` answers
 * it (behaviour.md 3.3). Fields that are not known are left out: no rule could say anything of them.
 */
const Configuration = z.object({
  mcp_configuration: McpConfiguration.nullable(),
  enabled_tools: z.object({
    codeql: z.boolean(),
    copilot_code_review: z.boolean(),
    secret_scanning: z.boolean(),
    dependency_vulnerability_checks: z.boolean(),
  }),
  require_actions_workflow_approval: z.boolean(),
  is_firewall_enabled: z.boolean(),
  is_firewall_recommended_allowlist_enabled: z.boolean(),
  custom_allowlist: z.array(z.string()),
  is_automations_enabled: z.boolean(),
  require_write_access_for_automation_triggers: z.boolean(),
})
export type Configuration = z.infer<typeof Configuration>

/** Why a configuration cannot be judged. */
export interface Unreadable {
  reason: string
}

/** Far above any real configuration; rules cost time in proportion to it. */
const maxCharacters = 1_000_000

/** A configuration as it was answered; one that does not have the documented form is not judged at all. */
export function readConfiguration(value: unknown): Configuration | Unreadable {
  const parsed = Configuration.safeParse(value)
  if (parsed.success) {
    const { length } = JSON.stringify(parsed.data)
    if (length <= maxCharacters) return parsed.data
    return { reason: `the configuration has ${length} characters, more than ${maxCharacters}` }
  }
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('.') ?? ''
  return {
    reason: `${place === '' ? 'the answer' : place}: ${issue?.message ?? 'is not readable'}`,
  }
}

/** The MCP servers by their names; none where nothing is configured. */
export function mcpServersOf({ mcp_configuration: mcp }: Configuration): [string, McpServer][] {
  return Object.entries(mcp?.mcpServers ?? {})
}
