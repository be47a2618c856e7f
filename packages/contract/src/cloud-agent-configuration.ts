import { z } from 'zod'
import { AllowlistEntry } from './allowlist-entry.ts'
import { McpConfiguration } from './mcp-configuration.ts'

const EnabledTools = z.object({
  codeql: z.boolean().describe('CodeQL.'),
  copilot_code_review: z.boolean().describe('A code review.'),
  secret_scanning: z.boolean().describe('Secret scanning.'),
  dependency_vulnerability_checks: z.boolean().describe('A check of the dependencies.'),
})

const Allowlist = z.array(AllowlistEntry).max(1000)

/** What a repository's agent may do, in GitHub's eight fields (behaviour.md 3.3). */
export const CloudAgentConfiguration = z.object({
  mcp_configuration: McpConfiguration.nullable().describe("MCP servers, in GitHub's JSON shape."),
  enabled_tools: EnabledTools.describe("What checks the agent's changes."),
  require_actions_workflow_approval: z
    .boolean()
    .describe("Whether workflows on an agent's pull request wait for somebody's approval."),
  is_firewall_enabled: z.boolean().describe('Whether the firewall decides what can be reached.'),
  is_firewall_recommended_allowlist_enabled: z
    .boolean()
    .describe('Whether the recommended allowlist is part of it.'),
  custom_allowlist: Allowlist.describe('Hosts and URLs beside it.'),
  is_automations_enabled: z.boolean().describe('Whether automations run.'),
  require_write_access_for_automation_triggers: z
    .boolean()
    .describe('Whether whoever starts a run must have write access.'),
})
export type CloudAgentConfiguration = z.infer<typeof CloudAgentConfiguration>
export type ConfigurationField = keyof CloudAgentConfiguration

/** What holds where nobody says otherwise (behaviour.md 3.3). */
export const defaultConfiguration: CloudAgentConfiguration = {
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
}

/** Some of the fields; of `enabled_tools` some as well. What is absent is as it was, or not said. */
export const PartialConfiguration = CloudAgentConfiguration.extend({
  enabled_tools: EnabledTools.partial(),
}).partial()
export type PartialConfiguration = z.infer<typeof PartialConfiguration>

/** The same as somebody writes it into a file, where a name that is misspelt must not go unseen. */
export const WrittenConfiguration = PartialConfiguration.extend({
  enabled_tools: EnabledTools.partial()
    .strict()
    .optional()
    .describe("What checks the agent's changes, each by itself."),
}).strict()

/** What can be taken back from a repository's document: a field, or one tool. */
export const ConfigurationPart = z.enum([
  ...CloudAgentConfiguration.keyof().options,
  ...EnabledTools.keyof().options.map((tool) => `enabled_tools.${tool}` as const),
])
export type ConfigurationPart = z.infer<typeof ConfigurationPart>

/**
 * What an organization says of all its repositories: defaults for who says nothing, values nobody below
 * can change, and hosts that are added to each allowlist.
 */
export const OrganizationConfiguration = z.object({
  defaults: PartialConfiguration.default({}),
  enforced: PartialConfiguration.default({}),
  additional_allowlist: Allowlist.default([]),
})
export type OrganizationConfiguration = z.infer<typeof OrganizationConfiguration>

export const ConfigurationSource = z.enum(['default', 'server', 'organization', 'repository'])
export type ConfigurationSource = z.infer<typeof ConfigurationSource>

/** Who says something of one tool, or has put one entry into a list. */
const EffectivePart = z.object({
  name: z.string(),
  source: ConfigurationSource,
  is_enforced: z.boolean(),
})

/** A setting as it holds: its value, who says so, and whether a repository could say otherwise. */
const Effective = z.object({
  value: z.unknown(),
  source: ConfigurationSource,
  is_enforced: z.boolean(),
  /** Of `enabled_tools` each tool, of `custom_allowlist` each entry: they may come from several. */
  parts: z.array(EffectivePart).exactOptional(),
  /** What it does on this server today; a setting can hold and have nothing to act on. */
  effect: z.string(),
})

export const EffectiveConfiguration = z.object({
  /** Whether tasks may be started at all, by the organization's permissions. */
  is_agent_enabled: z.boolean(),
  /** Why no agent may begin to work here now; absent where it may. */
  refusal: z.string().exactOptional(),
  /** The file on the default branch that says what the repository does, where the server's settings name one. */
  file: z
    .object({
      path: z.string(),
      /** What is wrong with it: then it is not known what the repository says. */
      problem: z.string().exactOptional(),
    })
    .exactOptional(),
  settings: z.record(z.string(), Effective),
})
export type EffectiveConfiguration = z.infer<typeof EffectiveConfiguration>

/** Which of an organization's repositories the agent may be used in. */
export const AgentPermissions = z.object({
  enabled_repositories: z.enum(['all', 'selected', 'none']),
  selected_repositories_url: z.string().exactOptional(),
})
export type AgentPermissions = z.infer<typeof AgentPermissions>
