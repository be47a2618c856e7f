import type {
  Automation,
  AutomationRun,
  AutomationSummary,
  UsageLimitStatus,
} from '@errand/contract'
import type { AutomationRow, AutomationRunRow, AutomationUsage } from '@errand/core'
import type { Urls } from './urls.ts'

/** An automation as lists have it: unknown fields are left out, none is null. */
export function presentAutomationSummary(
  row: AutomationRow,
  urls: Urls,
  fullName: string,
  limits: UsageLimitStatus[],
): AutomationSummary {
  return {
    id: row.id,
    url: `${urls.api}/agents/repos/${fullName}/automations/${row.id}`,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    owner_type: row.owner_type,
    write_scope: row.write_scope,
    require_actor_write_permission: row.require_actor_write_permission,
    triggers: row.triggers,
    model: row.model,
    reasoning_effort: '',
    usage_limit_status: limits,
    repository: { id: row.repository_id, full_name: fullName },
    ...(row.disabled_reason !== null &&
      row.disabled_at !== null && {
        disabled_state: {
          reason: row.disabled_reason,
          disabled_at: row.disabled_at.toISOString(),
        },
      }),
    ...(row.next_run_at !== null && { next_run_at: row.next_run_at.toISOString() }),
    ...(row.source_path !== null && { source_path: row.source_path }),
    current_revision_id: row.revision_id,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    created_by: { id: row.creator_id, login: row.creator_login },
  }
}

export function presentAutomation(
  row: AutomationRow,
  usage: AutomationUsage,
  urls: Urls,
  fullName: string,
): Automation {
  const { limits, ...used } = usage
  return {
    ...presentAutomationSummary(row, urls, fullName, limits),
    prompt: row.prompt,
    allow_concurrent_runs: row.allow_concurrent_runs,
    tools: row.tools,
    github_mcp_toolsets: [],
    allowed_custom_agents: row.allowed_custom_agents,
    agent: row.agent,
    base_ref: row.base_ref,
    usage_limits: row.usage_limits,
    usage: used,
  }
}

export function presentAutomationRun(row: AutomationRunRow): AutomationRun {
  return {
    id: row.id,
    event: row.event,
    status: row.status,
    ...(row.scheduled_for !== null && { scheduled_for: row.scheduled_for.toISOString() }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.skip_reason !== null && { skip_reason: row.skip_reason }),
    ...(row.type !== null && { type: row.type }),
    ...(row.conclusion !== null && { conclusion: row.conclusion }),
    ...(row.resource_url !== null && { resource_url: row.resource_url }),
    ...(row.actor_id !== null &&
      row.actor_login !== null && { actor: { id: row.actor_id, login: row.actor_login } }),
    ...(row.task_id !== null && { task_id: row.task_id }),
    created_at: row.created_at.toISOString(),
    ...(row.ended_at !== null && { ended_at: row.ended_at.toISOString() }),
  }
}
