import type { Configuration } from '../configuration.ts'

/** A configuration as a new repository has it (behaviour.md 3.3), but for what is given. */
export function aConfiguration(given: Partial<Configuration> = {}): Configuration {
  return {
    mcp_configuration: null,
    enabled_tools: {
      codeql: true,
      copilot_code_review: true,
      secret_scanning: true,
      dependency_vulnerability_checks: true,
    },
    require_actions_workflow_approval: true,
    is_firewall_enabled: true,
    is_firewall_recommended_allowlist_enabled: true,
    custom_allowlist: [],
    is_automations_enabled: true,
    require_write_access_for_automation_triggers: true,
    ...given,
  }
}

/** One with these MCP servers. */
export function withServers(
  mcpServers: Record<string, Record<string, unknown>>,
  given: Partial<Configuration> = {},
): Configuration {
  return aConfiguration({ ...given, mcp_configuration: { mcpServers } })
}
