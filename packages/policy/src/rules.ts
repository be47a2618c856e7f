import type { Rule } from './rule.ts'
import { automations } from './rules/automations.ts'
import { firewallAllowedHosts } from './rules/firewall-allowed-hosts.ts'
import { firewallDeniedHosts } from './rules/firewall-denied-hosts.ts'
import { firewallEnabled } from './rules/firewall-enabled.ts'
import { firewallRecommendedAllowlist } from './rules/firewall-recommended-allowlist.ts'
import { mcpAllowedServers } from './rules/mcp-allowed-servers.ts'
import { mcpNoLiteralSecrets } from './rules/mcp-no-literal-secrets.ts'
import { mcpSecretReferences } from './rules/mcp-secret-references.ts'
import { mcpToolsListed } from './rules/mcp-tools-listed.ts'
import { reviewTools } from './rules/review-tools.ts'
import { workflowApproval } from './rules/workflow-approval.ts'

/** All rules that come with Errand. */
export const rules: readonly Rule[] = [
  firewallEnabled,
  firewallRecommendedAllowlist,
  firewallAllowedHosts,
  firewallDeniedHosts,
  mcpAllowedServers,
  mcpToolsListed,
  mcpSecretReferences,
  mcpNoLiteralSecrets,
  reviewTools,
  workflowApproval,
  automations,
]
