import type {
  AutomationRunStatus,
  DisabledReason,
  ForgeEventName,
  SkipReason,
  Triggers,
  UsageLimit,
} from '@errand/contract'
import type { ColumnType, Generated } from 'kysely'

/** A prompt that is sent by the clock or by an event. Empty texts are what was not given. */
export interface AutomationRow {
  id: string
  name: string
  description: string
  prompt: string
  enabled: boolean
  owner_type: 'user' | 'repository'
  write_scope: 'trigger' | 'repository'
  require_actor_write_permission: boolean
  allow_concurrent_runs: boolean
  triggers: Triggers
  model: string
  agent: string
  tools: string[]
  allowed_custom_agents: string[]
  usage_limits: UsageLimit[]
  base_ref: string
  source_path: string | null
  /** Its runs are theirs: each is checked against what they may do then. */
  creator_id: number
  creator_login: string
  repository_id: number
  repository_full_name: string
  revision_id: string
  next_run_at: Date | null
  next_run_event: string | null
  failures: number
  disabled_reason: DisabledReason | null
  disabled_at: Date | null
  created_at: Date
  updated_at: Date
}

export type Json<T> = ColumnType<T, string, string>
type AutomationJson = 'triggers' | 'tools' | 'allowed_custom_agents' | 'usage_limits'
export type AutomationTable = Omit<AutomationRow, AutomationJson> & {
  [K in AutomationJson]: Json<AutomationRow[K]>
} & { position: Generated<number> }

/** One time that an automation ran, or should have. */
export interface AutomationRunRow {
  id: string
  automation_id: string
  scheduled_for: Date | null
  event: string
  status: AutomationRunStatus
  skip_reason: SkipReason | null
  reason: string | null
  actor_id: number | null
  actor_login: string | null
  request: unknown
  task_id: string | null
  /** The fence of whoever begins it; also how often that was tried. */
  attempt: number
  lease_expires_at: Date | null
  next_at: Date
  created_at: Date
  ended_at: Date | null
  /** What began it, where that was no clock and no hand. */
  event_key: string | null
  type: string | null
  conclusion: string | null
  resource_url: string | null
  trigger: RunTrigger | null
  /** How many automations have begun one another before it. */
  depth: number
  /** The issue or pull request that is to be told how it ended; null once that is done. */
  tell_number: number | null
  tell_failures: number
}

/** What a run's task is told of what began it, and where it is to work. */
export interface RunTrigger {
  number?: number
  url: string
  /** Absent where who wrote them is not to be heard. */
  title?: string
  text?: string
  /** Of a pull request of the repository itself that is open. */
  branch?: { head: string; base: string }
  /** Where the branch of a pull request lies in another repository. */
  is_from_fork?: true
  write_scope: 'trigger' | 'repository'
}

/** Something that happened on a forge, for an automation that waits for it. */
export interface AutomationEventRow {
  id: number
  automation_id: string
  event_key: string
  event: ForgeEventName
  type: string
  repository_full_name: string
  hint: EventHint
  actor_id: number
  actor_login: string
  happened_at: Date
  received_at: Date
  closed_at: Date | null
  outcome: string | null
  /** The fence of whoever attends to it. */
  attempt: number
  lease_expires_at: Date | null
  next_at: Date
  failures: number
}

/** What an event happened to: where to look on the forge. */
export interface EventHint {
  /** Of an issue, or of a pull request. */
  number?: number
  is_pull?: boolean
  comment_id?: number
  review_id?: number
  run_id?: number
  label?: string
  assignee?: string
  /** Where a pull request's branch was. */
  head_sha?: string
}

export type AutomationEventTable = Omit<AutomationEventRow, 'id' | 'hint'> & {
  id: Generated<number>
  hint: Json<EventHint>
}

type RunDefaults = 'event_key' | 'type' | 'conclusion' | 'resource_url' | 'tell_number'
export type AutomationRunTable = Omit<
  AutomationRunRow,
  'request' | 'trigger' | 'depth' | 'tell_failures' | RunDefaults
> & {
  position: Generated<number>
  depth: Generated<number>
  tell_failures: Generated<number>
  trigger: ColumnType<RunTrigger | null, string | null | undefined, string | null>
} & { [K in RunDefaults]: ColumnType<AutomationRunRow[K], AutomationRunRow[K] | undefined> } & {
  request: ColumnType<unknown, string | null, string | null>
}
