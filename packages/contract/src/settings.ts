import { WrittenConfiguration } from './cloud-agent-configuration.ts'
import { z } from 'zod'
import { AddressOrNetwork } from './address-or-network.ts'
import { AgentEntry } from './agent-entry.ts'
import { Automations } from './automation-settings.ts'
import { EncryptionSettings } from './encryption-settings.ts'
import { FirewallSettings } from './firewall-settings.ts'
import { flag } from './flag.ts'
import { ActionsOidc, GitHubApp } from './github-settings.ts'
import { Integrations } from './integrations.ts'
import { McpSettings } from './mcp-settings.ts'
import { PriceSetting } from './price.ts'
import { RateLimits } from './rate-limit-settings.ts'
import { SetupSettings } from './setup-settings.ts'
import { AutoModel, BudgetSetting, MultiplierLimit } from './spending-settings.ts'
import { Fallback, Upstream } from './upstream-settings.ts'
import { ValidationSettings } from './validation-settings.ts'

/**
 * The settings of `errand.yml` and of the `ERRAND_*` environment, as one schema. Each key can be
 * given by environment under its path in upper case: `sessions.timeout_minutes` is
 * `ERRAND_SESSIONS_TIMEOUT_MINUTES`. The descriptions are the text of `docs/configuration.md`.
 */
const minutes = z.coerce.number().int().min(1)
const seconds = z.coerce.number().min(0)
const count = z.coerce.number().int().min(1)

const Sessions = z.strictObject({
  timeout_minutes: minutes
    .max(1440)
    .default(59)
    .describe('How long a session may run. A task may ask for less (`timeout_minutes`).'),
  queue_timeout_minutes: minutes
    .default(1440)
    .describe('How long a session may stay queued before it ends `failed`.'),
  waiting_timeout_minutes: minutes
    .default(10_080)
    .describe('How long a session may wait for an answer before it ends `timed_out`.'),
  push_unfinished: flag
    .default(false)
    .describe(
      'Whether a session that has waited for too long has its unfinished work pushed as a branch before it ends (docs/states.md). A task may say otherwise (`push_unfinished`).',
    ),
  live_wait_seconds: seconds
    .default(60)
    .describe('How long a waiting session keeps its box before it is put away and its slot freed.'),
  lease_seconds: z.coerce
    .number()
    .min(1)
    .default(15)
    .describe('How long a runner may stay silent before its session is given to another.'),
  max_attempts: count
    .default(5)
    .describe('How many runners may be lost with a session before it ends `failed`.'),
  max_repetitions: z.coerce
    .number()
    .int()
    .refine((times) => times === 0 || times >= 3, 'must be 0 or at least 3')
    .default(10)
    .describe(
      'How often in a row an agent may make the same one to four calls of tools, with the same results and no file changed, before its session ends `failed` (docs/agents.md). 0 for as often as it likes.',
    ),
})

const Limits = z.strictObject({
  total: count.default(64).describe('Sessions running at a time, over all runners.'),
  per_owner: count.default(32).describe('Sessions running at a time for one repository owner.'),
  per_repository: count.default(8).describe('Sessions running at a time in one repository.'),
  per_model: count.default(32).describe('Sessions running at a time on one model.'),
})

const Runner = z.strictObject({
  enabled: flag.default(true).describe('Whether `errand serve` also runs sessions.'),
  concurrency: count.default(2).describe('Sessions one runner process works on at a time.'),
  branch_prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]+\/$/, 'must be a path segment ending in a slash, like errand/')
    .default('errand/')
    .describe('What the names of new branches begin with.'),
  keep_workspaces: flag
    .default(false)
    .describe('Keep the workspace of ended sessions, to look at what happened.'),
  keep_home_minutes: z.coerce
    .number()
    .int()
    .min(0)
    .default(240)
    .describe(
      'How long the home of the agent is kept when a session has completed: a message to its task goes on with the conversation that is in there. 0 keeps none.',
    ),
  install_agents: flag
    .default(true)
    .describe(
      'Whether the first task of an agent that is not installed installs it, from npm, at its pinned version and checked by its lock file. Otherwise `errand agent install` does.',
    ),
})

const Sandbox = z.strictObject({
  level: z
    .enum(['full', 'basic'])
    .default('full')
    .describe(
      'Weakest isolation accepted. `basic` does without a fresh /proc, for containers that mask it.',
    ),
  uid: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_534)
    .default(64_100)
    .describe('The unprivileged user a server that runs as root starts boxes under.'),
  memory_mb: count.default(4096).describe('Resident memory of everything in one box.'),
  processes: count.default(512).describe('Processes and threads in one box.'),
  open_files: count.default(4096).describe('Open files per process.'),
  file_size_mb: count.default(1024).describe('Largest file a process may write.'),
  workspace_mb: count.default(8192).describe('Disk the workspace and the home may take together.'),
  tmp_mb: count.default(512).describe('Size of /tmp inside the box.'),
  output_mb: count
    .default(16)
    .describe('What one session may print and report before its agent is stopped.'),
})

const Configuration = z.strictObject({
  defaults: WrittenConfiguration.default({}).describe(
    'What holds where neither the repository nor its organization says otherwise: some of the eight fields.',
  ),
  enforced: WrittenConfiguration.default({}).describe(
    'What holds in every repository, whatever it and its organization say: some of the eight fields.',
  ),
  file: z
    .string()
    .regex(
      /^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\\0]{1,255}$/,
      'must be a path within a repository',
    )
    .exactOptional()
    .describe(
      'A file on the default branch of each repository, such as `.github/cloud-agent.yml`, that says what the repository does, instead of the API. Off: what is written by the API.',
    ),
})

const Policy = z.strictObject({
  file: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'The policy file, as `errand audit init` writes one. Read when the server starts, which then keeps a history of what deviates.',
    ),
  enforce: flag
    .default(false)
    .describe(
      'Refuse tasks where the configuration of the repository breaks a rule of severity `error`.',
    ),
})

const Model = z.strictObject({
  id: z.string().min(1).describe('What a task names in `model`.'),
  upstream: z.string().describe('A name of `upstreams`.'),
  name: z.string().exactOptional().describe('What the upstream calls it. Default: the id.'),
  aliases: z
    .array(z.string().min(1))
    .default([])
    .describe('Other names a task may use for it, like a family without its version.'),
  owners: z
    .array(z.string().min(1))
    .exactOptional()
    .describe('The owners of repositories it may be used in. Default: all.'),
  multiplier: z.coerce
    .number()
    .min(0)
    .exactOptional()
    .describe(
      "How dear it is beside a usual model. Default: GitHub's multiplier where it has one, else by its price (docs/models.md).",
    ),
  agent: z.string().default('coder').describe('The agent that runs it, a name of `agents`.'),
  api: z
    .enum(['messages', 'responses', 'chat_completions', 'generate_content'])
    .exactOptional()
    .describe(
      'The API to use. Default: `messages` on wire anthropic, `chat_completions` on wire openai, `generate_content` on wire gemini.',
    ),
  price: PriceSetting.exactOptional().describe(
    "What it costs. Default: the provider's list price, where it is known.",
  ),
  fallbacks: z
    .array(Fallback)
    .exactOptional()
    .describe(
      'Where else it is served, in the order in which they are tried when the upstream does not answer (docs/gateway.md).',
    ),
  context_window: count.default(128_000).describe('Tokens the model takes.'),
  max_output_tokens: count.default(16_000).describe('Tokens asked for in one answer.'),
})
export type Model = z.infer<typeof Model>

/** The kinds of tool calls that ACP knows. */
export const ToolKind = z.enum([
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'think',
  'fetch',
  'switch_mode',
  'other',
])

const Permissions = z.strictObject({
  deny: z
    .array(ToolKind)
    .default([])
    .describe(
      'Kinds of tool calls that agents are told no to, of `read`, `edit`, `delete`, `move`, `search`, `execute`, `think`, `fetch`, `switch_mode` and `other`. The sandbox confines an agent, not this: it is told no only where it asks.',
    ),
})

export const Settings = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on.'),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(4000)
    .describe('Port to listen on; 0 takes a free one.'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .exactOptional()
    .describe('The URL users reach the server under. Default: from host and port.'),
  trusted_proxies: z
    .array(AddressOrNetwork)
    .default([])
    .describe(
      'Addresses of the reverse proxies in front of the server, or networks such as `10.20.0.0/16`: their `X-Forwarded-For` says who asks. Without them all that come through one share its limits.',
    ),
  data: z.string().default('.errand').describe('The data folder.'),
  database_url: z
    .string()
    .exactOptional()
    .describe('A PostgreSQL 15+ connection URL. Default: PGlite in the data folder.'),
  forge: z
    .string()
    .refine((value) => value === 'embedded' || /^https?:\/\//.test(value), {
      message: 'must be `embedded` or the URL of a GitHub API, like https://api.github.com',
    })
    .default('embedded')
    .describe('`embedded`, or the URL of a GitHub API.'),
  forge_token: z
    .string()
    .exactOptional()
    .describe(
      "The token runners clone, push and open pull requests with where the user's own is not there: for automations, and for workflows that log in by OIDC. Embedded: made by itself.",
    ),
  github_app: GitHubApp.exactOptional().describe(
    "A GitHub App of Errand's (docs/github.md): pushes and pull requests come from its bot, and no user's token is kept.",
  ),
  allow_server_to_server: flag
    .default(false)
    .describe(
      'Whether installation tokens (`ghs_`, also the `GITHUB_TOKEN` of GitHub Actions) may use the API, as service identities. GitHub refuses them.',
    ),
  actions_oidc: ActionsOidc.exactOptional().describe(
    'Lets workflows of GitHub Actions log in without a stored token (docs/github.md). Off unless it is given; `{}` takes the defaults.',
  ),
  admin_token: z
    .string()
    .min(20)
    .exactOptional()
    .describe("The first owner's token on the embedded forge. Default: made at first start."),
  encryption: EncryptionSettings.prefault({}).describe(
    'What secrets in the store are encrypted with (AES-256-GCM). Servers and workers of one database need the same key; whoever has the store without it has no secret.',
  ),
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('How much is logged.'),
  prompt_limit_bytes: count.default(65_536).describe('Longest prompt accepted.'),
  sessions: Sessions.prefault({}).describe('How long sessions may take.'),
  rate_limits: RateLimits.prefault({}).describe('How often the API may be asked.'),
  limits: Limits.prefault({}).describe('How many sessions run at a time.'),
  runner: Runner.prefault({}).describe('The runner in this process.'),
  sandbox: Sandbox.prefault({}).describe('The box agents run in.'),
  firewall: FirewallSettings.prefault({}).describe(
    "What every session's firewall goes by beside the configuration of its repository (docs/firewall.md).",
  ),
  setup_steps: SetupSettings.prefault({}).describe(
    'Whether `copilot-setup-steps.yml` runs, and how long its results are kept (docs/setup-steps.md).',
  ),
  mcp: McpSettings.prefault({}).describe(
    'The MCP servers of sessions (docs/mcp-servers.md). Which there are is said by each repository.',
  ),
  validation: ValidationSettings.prefault({}).describe(
    'What checks the work of agents before it is pushed, beside `enabled_tools` of the repository (docs/validation.md).',
  ),
  upstreams: z.record(z.string(), Upstream).default({}).describe('Where models are served.'),
  models: z
    .array(Model)
    .default([])
    .describe('The models tasks may name. `auto` prefers the first ones (docs/models.md).'),
  mapped_models: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe(
      'Names that agents use of themselves, for titles or to judge commands, and the id of the model that each gets; `*` is every other name that no model has. Default: the cheapest at the upstream of the session (docs/models.md).',
    ),
  auto_model: AutoModel.prefault({}).describe('Which model `auto` is, and no model at all.'),
  budgets: z
    .array(BudgetSetting)
    .default([])
    .describe('What may be spent in a month (docs/costs.md).'),
  budget_warning_percent: z.coerce
    .number()
    .min(1)
    .max(100)
    .default(80)
    .describe(
      'From how much of a budget on a session is told that little is left: its readers by an event, its agent by a note, once each.',
    ),
  multiplier_limits: z
    .array(MultiplierLimit)
    .default([])
    .describe('How dear the models may be that requests go to (docs/costs.md).'),
  integrations: Integrations.prefault({}).describe(
    'Portals and other senders that start tasks. Secrets are named, not held: each `…_env` names a variable, or `NAME_FILE` beside it the file with the value.',
  ),
  automations: Automations.prefault({}).describe(
    'Prompts sent by the clock (docs/automations.md).',
  ),
  configuration: Configuration.prefault({}).describe(
    "What agents may do in repositories (docs/repository-configuration.md): the server's own word, and where repositories have theirs.",
  ),
  policy: Policy.prefault({}).describe(
    'A policy that repositories must keep for tasks to run in them (docs/policy.md).',
  ),
  webhooks: z
    .strictObject({
      allow_private_addresses: flag
        .default(false)
        .describe(
          'Whether webhooks may be sent to private and reserved addresses, this machine among them.',
        ),
    })
    .prefault({})
    .describe('What webhooks are told of tasks, and where.'),
  agents: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i, 'must be letters, digits, dots and dashes'),
      AgentEntry,
    )
    .default({})
    .describe(
      'Agents beside `coder` and `script` and those that are installed on demand (docs/agents.md). One of the same name takes the place of the other.',
    ),
  permissions: Permissions.prefault({}).describe(
    'How agents are answered that ask before they use a tool. What is not denied is allowed.',
  ),
})
export type Settings = z.infer<typeof Settings>
export type SandboxSettings = Settings['sandbox']
export type SessionSettings = Settings['sessions']
export type LimitSettings = Settings['limits']

/** The model id that runs the prompt's own shell block and needs no model at all. */
export const scriptModelId = 'script'
/** The model id that leaves the choice to the server; the same as naming none. */
export const autoModelId = 'auto'
