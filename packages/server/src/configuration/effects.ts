import type { ConfigurationField } from '@errand/contract'

const noNetwork =
  'None yet: a box reaches nothing but its model gateway, whatever the firewall would let through.'

/** What each setting does on this server today, said as it is: a policy must not rely on more. */
export const effects: Record<ConfigurationField, string> = {
  mcp_configuration: "None yet: no MCP server of a repository's is started.",
  enabled_tools: 'None yet: none of these tools runs on this server.',
  require_actions_workflow_approval:
    "The forge's to keep: GitHub asks for approval of workflows on an agent's pull request.",
  is_firewall_enabled: noNetwork,
  is_firewall_recommended_allowlist_enabled: noNetwork,
  custom_allowlist: noNetwork,
  is_automations_enabled: 'Automations of the repository are made, changed and run, or refused.',
  require_write_access_for_automation_triggers:
    'Whoever starts a run needs write access, or each automation says for itself.',
}
