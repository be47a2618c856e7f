import { isDeepStrictEqual } from 'node:util'
import { type Configuration, mcpServersOf } from './configuration.ts'

/** Whether a configuration allows nothing that another did not: whoever mends must never open. */
export function isNoWeaker(after: Configuration, before: Configuration): boolean {
  const servers = new Map(mcpServersOf(before))
  return (
    mcpServersOf(after).every(([name, server]) => isDeepStrictEqual(servers.get(name), server)) &&
    after.custom_allowlist.every((entry) => before.custom_allowlist.includes(entry)) &&
    keeps(after.is_firewall_enabled, before.is_firewall_enabled) &&
    keeps(
      before.is_firewall_recommended_allowlist_enabled,
      after.is_firewall_recommended_allowlist_enabled,
    ) &&
    keeps(after.require_actions_workflow_approval, before.require_actions_workflow_approval) &&
    keeps(before.is_automations_enabled, after.is_automations_enabled) &&
    keeps(
      after.require_write_access_for_automation_triggers,
      before.require_write_access_for_automation_triggers,
    ) &&
    keepsTools(after.enabled_tools, before.enabled_tools)
  )
}

function keeps(after: boolean, before: boolean): boolean {
  return after || !before
}

function keepsTools(
  after: Configuration['enabled_tools'],
  before: Configuration['enabled_tools'],
): boolean {
  return (
    keeps(after.codeql, before.codeql) &&
    keeps(after.copilot_code_review, before.copilot_code_review) &&
    keeps(after.secret_scanning, before.secret_scanning) &&
    keeps(after.dependency_vulnerability_checks, before.dependency_vulnerability_checks)
  )
}
