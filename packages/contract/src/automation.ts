import { z } from 'zod'
import { Triggers, UsageLimit, UsageLimitStatus } from './automation-parts.ts'
import { WriteScope } from './event-triggers.ts'
import { PageQuery, queryBoolean } from './page.ts'

/** What may be changed. Fields not named here are ignored. */
const Changeable = z.object({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(1000),
  prompt: z.string(),
  enabled: z.boolean(),
  /**
   * How far a run may write, in GitHub's words. By `trigger` one that a pull request began works on the
   * pull request's own branch; any other has a branch of its own.
   */
  write_scope: WriteScope,
  /** Whoever starts a run, by hand or by what they do, must have write access to the repository. */
  require_actor_write_permission: z.boolean(),
  /** Beyond GitHub: whether a run may begin while the task of another has not ended. */
  allow_concurrent_runs: z.boolean(),
  triggers: Triggers,
  /** An empty text takes it away: then it is the server's default. */
  model: z.string(),
  /** Beyond GitHub: the agent of its tasks. An empty text takes it away: then it is that of the model. */
  agent: z.string(),
  reasoning_effort: z.literal('', 'must be empty: no agent of this server takes one'),
  /** Ids of what `GET .../automations/tools` offers. */
  tools: z.array(z.string()),
  github_mcp_toolsets: z
    .array(z.string())
    .max(0, 'must be empty: agents of this server have no GitHub MCP toolsets'),
  /** The custom agent the tasks are given to: a task here has one. */
  allowed_custom_agents: z.array(z.string()).max(1, 'takes one custom agent at most'),
  usage_limits: z
    .array(UsageLimit)
    .refine((limits) => new Set(limits.map(({ period }) => period)).size === limits.length, {
      message: 'takes one limit for each period',
    }),
  /** Beyond GitHub: the branch tasks start from. An empty text: the default branch. */
  base_ref: z.string(),
  /** Beyond GitHub: the file of the repository that it is kept in step with. */
  source_path: z
    .string()
    .regex(
      /^\.github\/errand\/automations\/[^/]+\.ya?ml$/,
      'must lie in .github/errand/automations',
    ),
})
const { shape } = Changeable

export const disabledReasons = [
  'consecutive_failures',
  'creator_lost_access',
  'invalid_schedule',
] as const
export type DisabledReason = (typeof disabledReasons)[number]

export const CreateAutomation = Changeable.extend({
  description: shape.description.default(''),
  enabled: shape.enabled.default(true),
  owner_type: z.enum(['user', 'repository']).default('user'),
  write_scope: shape.write_scope.default('trigger'),
  require_actor_write_permission: shape.require_actor_write_permission.default(true),
  allow_concurrent_runs: shape.allow_concurrent_runs.default(false),
  triggers: shape.triggers.default({}),
  model: shape.model.default(''),
  agent: shape.agent.default(''),
  reasoning_effort: shape.reasoning_effort.default(''),
  tools: shape.tools.default(['create_pull_request']),
  github_mcp_toolsets: shape.github_mcp_toolsets.default([]),
  allowed_custom_agents: shape.allowed_custom_agents.default([]),
  usage_limits: shape.usage_limits.default([]),
  base_ref: shape.base_ref.default(''),
  source_path: shape.source_path.exactOptional(),
})
export type CreateAutomation = z.infer<typeof CreateAutomation>

/** Omitted fields stay as they are; `expected_revision_id` that is not the current one is a 409. */
export const UpdateAutomation = z.object({
  name: shape.name.exactOptional(),
  description: shape.description.exactOptional(),
  prompt: shape.prompt.exactOptional(),
  enabled: shape.enabled.exactOptional(),
  write_scope: shape.write_scope.exactOptional(),
  require_actor_write_permission: shape.require_actor_write_permission.exactOptional(),
  allow_concurrent_runs: shape.allow_concurrent_runs.exactOptional(),
  triggers: shape.triggers.exactOptional(),
  model: shape.model.exactOptional(),
  agent: shape.agent.exactOptional(),
  reasoning_effort: shape.reasoning_effort.exactOptional(),
  tools: shape.tools.exactOptional(),
  github_mcp_toolsets: shape.github_mcp_toolsets.exactOptional(),
  allowed_custom_agents: shape.allowed_custom_agents.exactOptional(),
  usage_limits: shape.usage_limits.exactOptional(),
  base_ref: shape.base_ref.exactOptional(),
  source_path: shape.source_path.exactOptional(),
  expected_revision_id: z.string().exactOptional(),
})
export type UpdateAutomation = z.infer<typeof UpdateAutomation>

/** As lists answer it: without prompt, tools and usage. */
export const AutomationSummary = z.object({
  id: z.string(),
  url: z.string(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  owner_type: z.enum(['user', 'repository']),
  write_scope: shape.write_scope,
  require_actor_write_permission: z.boolean(),
  triggers: Triggers,
  model: z.string(),
  reasoning_effort: z.string(),
  usage_limit_status: z.array(UsageLimitStatus),
  repository: z.object({ id: z.int(), full_name: z.string() }),
  /** Why the server paused it, and when; absent when it did not. */
  disabled_state: z
    .object({
      reason: z.enum(disabledReasons),
      disabled_at: z.iso.datetime(),
    })
    .exactOptional(),
  /** Beyond GitHub: when it runs next; absent when it does not. */
  next_run_at: z.iso.datetime().exactOptional(),
  /** Beyond GitHub. */
  source_path: z.string().exactOptional(),
  current_revision_id: z.string(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  created_by: z.object({ id: z.int(), login: z.string() }),
})
export type AutomationSummary = z.infer<typeof AutomationSummary>

export const Automation = AutomationSummary.extend({
  prompt: z.string(),
  agent: z.string(),
  allow_concurrent_runs: z.boolean(),
  tools: z.array(z.string()),
  github_mcp_toolsets: z.array(z.string()),
  allowed_custom_agents: z.array(z.string()),
  base_ref: z.string(),
  usage_limits: z.array(UsageLimit),
  /** Nano AI credits. */
  usage: z.object({ last_24_hours: z.int(), last_7_days: z.int(), last_30_days: z.int() }),
})
export type Automation = z.infer<typeof Automation>

export const AutomationPage = z.object({ automations: z.array(AutomationSummary) })
export type AutomationPage = z.infer<typeof AutomationPage>

export const AutomationListQuery = PageQuery.extend({
  owner_type: z.enum(['user', 'repository']).exactOptional(),
})
export type AutomationListQuery = z.infer<typeof AutomationListQuery>

export const RepoAutomationListQuery = AutomationListQuery.extend({
  enabled: queryBoolean.exactOptional(),
  /** A trigger's key. */
  event: z.string().exactOptional(),
  /** The login of who made it, or `me`. Default: everybody. */
  user: z.string().exactOptional(),
})
export type RepoAutomationListQuery = z.infer<typeof RepoAutomationListQuery>
