import { z } from 'zod'
import { SessionError, Usage } from './session.ts'
import { BudgetScope } from './spending-settings.ts'
import { State } from './states.ts'
import { ValidationOutcome, ValidationTool, Finding } from './validation.ts'

/** Why a request may not pass the firewall. */
export const FirewallRule = z.enum([
  /** No entry of the allowlist lets it pass. */
  'not_allowed',
  /** Its address is private to the runner, whatever its name. */
  'private_address',
  /** Something other than TLS was spoken in a tunnel. */
  'not_tls',
  /** The TLS client asked for another server than the tunnel leads to. */
  'other_server',
])
export type FirewallRule = z.infer<typeof FirewallRule>

/**
 * What happens in a session, in the order it happened. The envelope follows behaviour.md 1.6
 * (`id`, `type`, `timestamp`, `parentId`, `data`) with our `session_id` beside it; the types are of
 * its families.
 */
const data = {
  'session.created': z.object({
    prompt: z.string(),
    model: z.string().exactOptional(),
    /** Why this one, where nobody named it. */
    model_reason: z.string().exactOptional(),
  }),
  'session.state_changed': z.object({
    from: State,
    to: State,
    attempt: z.int(),
    reason: z.string().exactOptional(),
    error: SessionError.exactOptional(),
  }),
  /** What the probe found inside the box, before anything else ran there. */
  'session.sandbox': z.object({ level: z.string(), findings: z.record(z.string(), z.unknown()) }),
  'session.workspace': z.object({
    base_ref: z.string(),
    head_ref: z.string(),
    commit: z.string(),
    /** Where instructions, custom agents, skills and hooks were read: never on the branch that is worked on. */
    steering_commit: z.string().exactOptional(),
  }),
  /** The custom agent is that of the repository's owner, at the version that the task keeps to from here on. */
  'session.custom_agent': z.object({
    name: z.string(),
    repository: z.string(),
    commit: z.string(),
  }),
  'session.log': z.object({ level: z.enum(['info', 'warning', 'error']), message: z.string() }),
  /** A setup step begins, the first of them with number 1. One that is skipped only completes. */
  'setup.step_start': z.object({ number: z.int(), name: z.string() }),
  'setup.step_update': z.object({ number: z.int(), output: z.string() }),
  'setup.step_complete': z.object({
    number: z.int(),
    name: z.string(),
    /** GitHub's words; `cancelled` where it was out of time. Before `continue-on-error` is looked at. */
    outcome: z.enum(['success', 'failure', 'cancelled', 'skipped']),
    seconds: z.number(),
    /** Why it failed or was skipped. */
    message: z.string().exactOptional(),
  }),
  /** Little is left of a budget, or one that only warns is used up. Once for each budget and attempt. */
  'session.budget_warning': z.object({
    scope: z.enum(['task', ...BudgetScope.options]),
    /** Whose: a login, `owner/repo`, or the task's id. */
    name: z.string(),
    limit: Usage,
    /** What is reserved for requests on their way is part of it. */
    spent: Usage,
    prevent_further_usage: z.boolean(),
    message: z.string(),
  }),
  /** What one of the tools says of the work before it is pushed; the last of a tool is what holds. */
  'session.validation': z.object({
    tool: ValidationTool,
    outcome: ValidationOutcome,
    /** Why it is not available, or has failed. */
    message: z.string().exactOptional(),
    finding_count: z.int(),
    /** The first of them. */
    findings: z.array(Finding),
  }),
  /** The agent's own report at the end, from which the pull request's text is made. */
  'session.summary': z.object({ title: z.string(), body: z.string() }),
  'user.message': z.object({ message_id: z.string(), content: z.string() }),
  'assistant.message': z.object({ content: z.string() }),
  'assistant.thought': z.object({ content: z.string() }),
  'assistant.plan': z.object({
    entries: z.array(z.object({ content: z.string(), status: z.string() })),
  }),
  'assistant.usage': z.object({
    model: z.string(),
    input_tokens: z.int(),
    cached_input_tokens: z.int(),
    cache_write_tokens: z.int(),
    output_tokens: z.int(),
    reasoning_tokens: z.int(),
  }),
  'tool.execution_start': z.object({
    tool_call_id: z.string(),
    title: z.string(),
    kind: z.string().exactOptional(),
    input: z.unknown().exactOptional(),
  }),
  'tool.execution_update': z.object({ tool_call_id: z.string(), output: z.string() }),
  'tool.execution_complete': z.object({
    tool_call_id: z.string(),
    status: z.enum(['completed', 'failed']),
    output: z.string().exactOptional(),
  }),
  /** An agent asked whether it may use a tool, and was answered by the settings. */
  'permission.completed': z.object({
    tool_call_id: z.string().exactOptional(),
    title: z.string(),
    kind: z.string().exactOptional(),
    decision: z.enum(['allowed', 'denied']),
  }),
  /** A hook of the repository was run. */
  'session.hook': z.object({
    /** Its file, its event as that names it, and its place there. */
    hook: z.string(),
    hook_event: z.string(),
    outcome: z.enum(['completed', 'failed', 'timed_out']),
    duration_ms: z.int(),
    /** `block`: the agent is to go on. */
    decision: z.enum(['allow', 'deny', 'block']).exactOptional(),
    /** Why it failed, or decided so. */
    message: z.string().exactOptional(),
  }),
  /**
   * The firewall did not let a request pass, or would not have. Told once for each address, with the first
   * command that tried; the command is what the box says, and nothing to rely on.
   */
  'firewall.blocked': z.object({
    scheme: z.enum(['http', 'https']),
    host: z.string(),
    port: z.int(),
    /** Absent where only the host was known. */
    path: z.string().exactOptional(),
    process: z.string().exactOptional(),
    /** The MCP server that tried. Absent for the agent. */
    mcp_server: z.string().exactOptional(),
    rule: FirewallRule,
    /** It was let through all the same: `firewall.report_only`. */
    is_report_only: z.boolean(),
  }),
  /** An MCP server has started, or has not, or is not there any more. */
  'mcp.server': z.object({
    server: z.string(),
    state: z.enum(['started', 'failed', 'ended']),
    /** The tools the agent is shown. */
    tools: z.array(z.string()).exactOptional(),
    /** Why, or what is to be known of it. */
    message: z.string().exactOptional(),
  }),
  /** The agent has called a tool of an MCP server. Arguments and output are cut where they are long. */
  'mcp.call': z.object({
    server: z.string(),
    tool: z.string(),
    arguments: z.unknown().exactOptional(),
    status: z.enum(['completed', 'failed']),
    output: z.string(),
    duration_ms: z.int(),
  }),
  'elicitation.requested': z.object({
    question_id: z.string(),
    message: z.string(),
    requested_schema: z.unknown().exactOptional(),
  }),
  'elicitation.completed': z.object({ question_id: z.string(), answer: z.string() }),
  'artifact.branch': z.object({
    head_ref: z.string(),
    base_ref: z.string(),
    commit: z.string(),
    files_changed: z.int(),
    /** The agent was not done with it: its session has waited for too long. */
    unfinished: z.literal(true).exactOptional(),
  }),
  'artifact.pull': z.object({ id: z.int(), number: z.int(), html_url: z.string() }),
  abort: z.object({ by: z.string() }),
} as const

export type EventType = keyof typeof data
export type EventData = { [T in EventType]: z.infer<(typeof data)[T]> }

/** An event before it is stored: the store gives it its place, its id and its time. */
export type NewEvent = { [T in EventType]: { type: T; data: EventData[T] } }[EventType]

export const eventTypes = Object.keys(data) as EventType[]

/** An event as answered. `id` grows within a task and is what `Last-Event-ID` takes. */
export const Event = z.object({
  id: z.string(),
  type: z.string(),
  timestamp: z.iso.datetime(),
  parentId: z.string().exactOptional(),
  session_id: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type Event = z.infer<typeof Event>

export const EventPage = z.object({ events: z.array(Event), total: z.int() })
export type EventPage = z.infer<typeof EventPage>

/** Checks an event's data against its type: what an agent reports is not trusted to fit. */
export function parseNewEvent(event: { type: EventType; data: unknown }): NewEvent {
  return { type: event.type, data: data[event.type].parse(event.data) } as NewEvent
}
