import type {
  AgentPermissions,
  CampaignRules,
  OrganizationConfiguration,
  PartialConfiguration,
  PauseReason,
  SessionError,
  State,
  Visibility,
} from '@errand/contract'
import type { ColumnType, Generated } from 'kysely'
import type { UnfinishedEnd } from '../sessions/end.ts'
import type { TokenCounts } from '../spending/token-counts.ts'
import type {
  AutomationEventTable,
  AutomationRunTable,
  AutomationTable,
  Json,
} from './automation-rows.ts'

/**
 * The tables as kysely sees them. Times are `Date`, bigints are numbers (ids and counts stay far
 * below 2^53), jsonb is parsed.
 */
export interface Database {
  tasks: TaskRow & {
    position: Generated<number>
    idempotency_key: string | null
    idempotency_hash: string | null
  }
  sessions: SessionTable
  events: EventRow
  messages: MessageRow
  questions: QuestionRow
  artifacts: ArtifactRow
  usage: UsageRow
  portal_runs: PortalRunTable
  portal_run_tasks: PortalRunTaskRow
  forge_deliveries: { id: string; event: string; received_at: Date }
  pull_comments: PullCommentRow
  automations: AutomationTable
  automation_runs: AutomationRunTable
  automation_events: AutomationEventTable
  campaigns: CampaignTable
  campaign_targets: CampaignTargetTable
  campaign_tasks: CampaignTaskRow
  repository_configurations: RepositoryConfigurationTable
  organization_configurations: OrganizationConfigurationTable
  selected_repositories: { owner_id: number; repository_id: number }
  audit_log: AuditLogRow
  credentials: CredentialTable
  policy_deviations: PolicyDeviationTable
  policy_checks: { repository_id: number; entry: number; policy: number | null }
  policy_versions: PolicyVersionTable
  accounts: AccountRow
  model_requests: ModelRequestTable
  failing_upstreams: { name: string; until: Date }
  webhooks: WebhookTable
  webhook_deliveries: WebhookDeliveryTable
  agent_values: AgentValueTable
  agent_value_repositories: { value_id: number; repository_id: number }
  sealed_box_key: SealedBoxKeyTable
}

/** A task as stored. `state` is always that of its most recent session. */
export interface TaskRow {
  id: string
  name: string
  /** The number of its last event. */
  event_count: number
  state: State
  session_count: number
  creator_id: number
  creator_login: string
  owner_id: number
  owner_login: string
  owner_type: 'User' | 'Organization'
  repository_id: number
  repository_full_name: string
  base_ref: string
  /** The branch the task works on: given at create, or made at the first publish. */
  head_ref: string | null
  custom_agent: string | null
  requested_model: string | null
  create_pull_request: boolean
  /** What its sessions may cost together, in nano AI credits. */
  max_nano: number | null
  /** The dearest multiplier its requests may have. */
  max_multiplier: number | null
  /** Whether unfinished work is pushed when the wait for an answer is over. Null: as the settings say. */
  push_unfinished: boolean | null
  archived_at: Date | null
  created_at: Date
  updated_at: Date
}

/** A session as stored: its own job, lease and fence. */
export interface SessionRow {
  id: string
  task_id: string
  /** 1 for the first session of a task. */
  number: number
  state: State
  prompt: string
  model: string
  agent: string
  user_id: number
  user_login: string
  owner_id: number
  repository_id: number
  base_ref: string
  head_ref: string | null
  priority: number
  timeout_seconds: number
  /** Grows with every lease: the fence of every write of a runner. */
  attempt: number
  /** How often a runner was lost with it: answered questions make new attempts, but no losses. */
  losses: number
  /** Who has, or last had, the lease: where a put-away box is to be found. */
  runner_id: string | null
  /** Null when nobody works on the session: it holds no slot then. */
  lease_expires_at: Date | null
  /** The ACP session to load when a put-away box is opened again. */
  agent_session_id: string | null
  /** The box is kept aside: until the answer comes, and then until the session is leased again. */
  put_away: boolean
  /**
   * Seconds since `started_at` in which nothing ran: the wait for the user, and then for a runner to
   * go on. A session is out of time when it has run for `timeout_seconds` without these.
   */
  waited_seconds: number
  /** How the session ends once its unfinished work is pushed: set as its wait is over, null otherwise. */
  end_after_push: UnfinishedEnd | null
  usage_nano: number
  error: SessionError | null
  created_at: Date
  updated_at: Date
  queued_at: Date
  /** When the session last started from the beginning: a rerun after a lost runner has its whole time. */
  started_at: Date | null
  waiting_since: Date | null
  completed_at: Date | null
}

type SessionTable = Omit<SessionRow, 'error' | 'end_after_push'> & {
  position: Generated<number>
  end_after_push: ColumnType<UnfinishedEnd | null, string | null, string | null>
  error: ColumnType<SessionError | null, string | null, string | null>
}

export interface EventRow {
  task_id: string
  number: number
  session_id: string
  type: string
  timestamp: Date
  data: unknown
}

export interface MessageRow {
  id: string
  task_id: string
  session_id: string
  /** The number of its `user.message` event: what orders it among questions and answers. */
  number: number
  content: string
  user_id: number
  user_login: string
  created_at: Date
  /** Null while it is still to be taken. */
  taken_by_attempt: number | null
}

export interface QuestionRow {
  id: string
  session_id: string
  number: number
  attempt: number
  message: string
  requested_schema: unknown
  /** Set where Errand asks, as a budget is used up: raising it is the answer. */
  account_id: string | null
  answer: string | null
  created_at: Date
  answered_at: Date | null
}

export interface ArtifactRow {
  task_id: string
  type: string
  data: unknown
  created_at: Date
}

export interface UsageRow {
  session_id: string
  model: string
  /** In UTC, like `2026-11-23`. */
  day: string
  requests: number
  input_tokens: number
  cached_input_tokens: number
  cache_write_tokens: number
  output_tokens: number
  /** Part of `output_tokens`. */
  reasoning_tokens: number
  /** What it cost at the time, in nano AI credits. */
  nano: number
}

/** Where a repository is, or was, not as the policy wants it. */
export interface PolicyDeviationRow {
  id: number
  repository_id: number
  repository_full_name: string
  owner_id: number
  fingerprint: string
  rule: string
  severity: string
  message: string
  since: Date
  /** Where in the configuration it stands; null of one that was noted before this was kept. */
  place: readonly string[] | null
  since_cause: 'configuration' | 'policy' | 'unknown'
  /** The entry of the audit log that brought it, and whose it was; null for another cause. */
  since_entry: number | null
  since_login: string | null
  ended_at: Date | null
  ended_cause: 'configuration' | 'policy' | 'unknown' | null
  ended_entry: number | null
  ended_login: string | null
}

type PolicyDeviationTable = Omit<PolicyDeviationRow, 'id' | 'place'> & {
  id: Generated<number>
  place: ColumnType<PolicyDeviationRow['place'], string>
}

/** A policy the servers were given, and the latest entry of the audit log when they first had it. */
export interface PolicyVersionRow {
  id: number
  hash: string
  seen_at: Date
  entry: number
}

type PolicyVersionTable = Omit<PolicyVersionRow, 'id'> & { id: Generated<number> }

/** What was spent, and what is reserved for requests on their way, in nano AI credits. */
export interface AccountRow {
  id: string
  spent_nano: number
  reserved_nano: number
}

/** A request of a model that is on its way. */
export interface ModelRequestRow {
  id: string
  session_id: string
  attempt: number
  model: string
  account_ids: string[]
  reserved_nano: number
  counted: TokenCounts | null
  counted_nano: number
  started_at: Date
}

type ModelRequestTable = Omit<ModelRequestRow, 'counted'> & {
  counted: ColumnType<TokenCounts | null, string | null, string | null>
}

/** A run of a portal's action: what was asked for, and how far the portal was told what became of it. */
export interface PortalRunRow {
  portal: string
  run_id: string
  request: unknown
  request_hash: string
  requested_by: string | null
  created_at: Date
  /** Null until everything asked for is begun, or refused. */
  started_at: Date | null
  /** Null while there is something to tell the portal. */
  closed_at: Date | null
  /** The details last told, so that only changes are. */
  told: string | null
  /** The fence of whoever reports. */
  attempt: number
  lease_expires_at: Date | null
  next_at: Date
  /** Passes in a row that came to nothing. */
  failures: number
}

type PortalRunTable = Omit<PortalRunRow, 'request'> & {
  request: ColumnType<unknown, string, string>
}

/** One of the things a run is for, in the order it named them. */
export interface PortalRunTaskRow {
  portal: string
  run_id: string
  place: number
  /** A repository, `owner/name`, that is to have a task; or the id of a task that is to be answered. */
  target: string
  /** The task that was started. */
  task_id: string | null
  /** Why it was refused. */
  error: string | null
  /** The number of the last event the portal was told of. */
  reported_event: number
}

/** A comment on a pull request that speaks to Errand, and what became of it. */
export interface PullCommentRow {
  repository_id: number
  type: 'issue' | 'review'
  comment_id: number
  repository_full_name: string
  pull_number: number
  user_id: number
  user_login: string
  /** Of what it said when it was told of: changed since, it is not taken. */
  body_hash: string
  received_at: Date
  taken_at: Date | null
  task_id: string | null
  told_question: string | null
  closed_at: Date | null
  outcome: string | null
  /** The fence of whoever acts on it. */
  attempt: number
  lease_expires_at: Date | null
  next_at: Date
  /** Tries in a row that came to nothing. */
  failures: number
}

/** A campaign as stored; its status is derived, see campaigns/status.ts. */
export interface CampaignRow {
  id: string
  name: string
  creator_id: number
  creator_login: string
  model: string
  rules: Omit<CampaignRules, 'max_ai_credits' | 'concurrency'>
  /** The budget in nano AI credits; null without one. */
  max_nano: number | null
  concurrency: number | null
  /** The last wave that may be sent, from 0. */
  allowed_wave: number
  forgiven_failures: number
  pause_reason: PauseReason | null
  pause_message: string | null
  paused_at: Date | null
  held_by_open_pulls: boolean
  cancelled_at: Date | null
  is_active: boolean
  created_at: Date
  updated_at: Date
}

type CampaignTable = Omit<CampaignRow, 'rules'> & {
  position: Generated<number>
  rules: ColumnType<CampaignRow['rules'], string, string>
  idempotency_key: string | null
  idempotency_hash: string | null
}

export interface CampaignTargetRow {
  campaign_id: string
  number: number
  /** From 0. */
  wave: number
  repository_id: number
  repository_full_name: string
  /** Logins. */
  reviewers: string[]
  title: string | null
  labels: string[]
  team_reviewers: string[]
  /** Null until the pull request got its title, labels and reviewers. */
  pull_prepared_at: Date | null
  /** What of them the forge refused. */
  problems: string[]
  /** What createTask will be given: a NewTask, written by createCampaign. */
  new_task: unknown
  attempt: number
  task_id: string | null
  /** What it is where it could not be sent; null while it may be, and when it was. */
  unsent_state: 'failed' | 'skipped' | null
  /** Why it could not be sent. */
  refusal: string | null
  pull_state: 'open' | 'closed' | 'merged' | null
  pull_checked_at: Date | null
}

type CampaignTargetJson = 'reviewers' | 'labels' | 'team_reviewers'
type CampaignTargetTable = Omit<
  CampaignTargetRow,
  CampaignTargetJson | 'new_task' | 'pull_prepared_at' | 'problems' | 'unsent_state' | 'refusal'
> & { [K in CampaignTargetJson]: ColumnType<string[], string, string> } & {
  new_task: ColumnType<unknown, string, string>
  pull_prepared_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  problems: ColumnType<string[], string | undefined, string>
  unsent_state: ColumnType<
    CampaignTargetRow['unsent_state'],
    undefined,
    CampaignTargetRow['unsent_state']
  >
  refusal: ColumnType<string | null, undefined, string | null>
}

export interface CampaignTaskRow {
  task_id: string
  campaign_id: string
  number: number
  attempt: number
}

/** A user's token for a forge elsewhere, sealed: kept for a task or for a campaign, as long as it works. */
interface CredentialTable {
  position: Generated<number>
  task_id: string | null
  campaign_id: string | null
  user_id: number
  sealed: string
  created_at: Date
}

/** What a repository says its agent may do; what it says nothing of is its organization's to say. */
export interface RepositoryConfigurationRow {
  repository_id: number
  repository_full_name: string
  document: PartialConfiguration
  updated_at: Date
}

type RepositoryConfigurationTable = Omit<RepositoryConfigurationRow, 'document'> & {
  document: Json<PartialConfiguration>
}

export interface OrganizationConfigurationRow {
  owner_id: number
  owner_login: string
  document: OrganizationConfiguration
  enabled_repositories: AgentPermissions['enabled_repositories']
  updated_at: Date
}

type OrganizationConfigurationTable = Omit<
  OrganizationConfigurationRow,
  'document' | 'enabled_repositories'
> & {
  document: Json<OrganizationConfiguration>
  enabled_repositories: ColumnType<
    AgentPermissions['enabled_repositories'],
    AgentPermissions['enabled_repositories'] | undefined,
    AgentPermissions['enabled_repositories']
  >
}

/** An entry of the log that is only ever added to. */
export interface AuditLogRow {
  /** From 1, without a gap. */
  number: number
  timestamp: Date
  action: string
  actor_id: number
  actor_login: string
  owner_id: number | null
  owner_login: string | null
  repository_id: number | null
  repository_full_name: string | null
  /** JSON: `before` and `after`. */
  data: string
  previous_hash: string
  hash: string
}

/** A secret or a variable of agents. */
export interface AgentValueRow {
  id: number
  kind: 'secret' | 'variable'
  target_type: 'repository' | 'organization'
  target_id: number
  name: string
  /** Of a secret, sealed. */
  value: string
  /** Null for a repository's own. */
  visibility: Visibility | null
  created_at: Date
  updated_at: Date
}

type AgentValueTable = Omit<AgentValueRow, 'id'> & { id: Generated<number> }

/** The one pair of keys for sealed boxes: `sealed` is the secret one. */
interface SealedBoxKeyTable {
  is_only: Generated<boolean>
  key_id: string
  public_key: string
  sealed: string
  created_at: Date
}

/** Whom to tell what happens in a repository or an organization. */
export interface WebhookRow {
  id: number
  seal_id: string
  target_type: 'repository' | 'organization'
  target_id: number
  url: string
  content_type: 'json' | 'form'
  insecure_ssl: boolean
  /** Sealed. */
  secret: string | null
  events: string[]
  active: boolean
  created_at: Date
  updated_at: Date
}

type WebhookTable = Omit<WebhookRow, 'id' | 'events'> & {
  id: Generated<number>
  events: Json<string[]>
}

/** One thing that one webhook is told. */
export interface WebhookDeliveryRow {
  id: number
  webhook_id: number
  guid: string
  event: string
  action: string | null
  task_id: string | null
  session_id: string | null
  repository_id: number | null
  /** Absent for what is composed when it is sent: what happened to a task. */
  payload: unknown
  redelivery: boolean
  created_at: Date
  next_at: Date
  /** The fence of whoever sends it. */
  attempt: number
  lease_expires_at: Date | null
  failures: number
  closed_at: Date | null
  delivered_at: Date | null
  duration_ms: number | null
  status_code: number | null
  status: string | null
  request: unknown
  response: unknown
}

type WebhookDeliveryTable = Omit<
  WebhookDeliveryRow,
  'id' | 'payload' | 'request' | 'response' | 'redelivery' | 'attempt' | 'failures'
> & {
  id: Generated<number>
  redelivery: Generated<boolean>
  attempt: Generated<number>
  failures: Generated<number>
  payload: ColumnType<unknown, string | null, string | null>
  request: ColumnType<unknown, string | null, string | null>
  response: ColumnType<unknown, string | null, string | null>
}
