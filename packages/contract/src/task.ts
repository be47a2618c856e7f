import { z } from 'zod'
import { IdOnly, Session } from './session.ts'
import { State } from './states.ts'

/** Longest prompt accepted, in bytes of UTF-8; GitHub's own limit is unpublished (behaviour.md 8). */
export const promptLimitBytes = 65_536

/**
 * What a task brought forth. The pull's `id` is GitHub's database id; `number` and `html_url` stand
 * beside it for the clients that take `id` for a number (behaviour.md 1.4).
 */
export const PullArtifact = z.object({
  provider: z.literal('github'),
  type: z.literal('pull'),
  data: z.object({
    id: z.int(),
    global_id: z.string().exactOptional(),
    number: z.int().exactOptional(),
    html_url: z.string().exactOptional(),
  }),
})
export type PullArtifact = z.infer<typeof PullArtifact>

export const BranchArtifact = z.object({
  provider: z.literal('github'),
  type: z.literal('branch'),
  data: z.object({ head_ref: z.string(), base_ref: z.string() }),
})
export type BranchArtifact = z.infer<typeof BranchArtifact>

export const Artifact = z.discriminatedUnion('type', [PullArtifact, BranchArtifact])
export type Artifact = z.infer<typeof Artifact>

/** A task as create and the lists answer it: without sessions (behaviour.md 1.2). */
export const Task = z.object({
  id: z.string(),
  url: z.string().exactOptional(),
  html_url: z.string().exactOptional(),
  name: z.string().exactOptional(),
  creator: IdOnly.exactOptional(),
  creator_type: z.enum(['user', 'organization']).exactOptional(),
  owner: IdOnly.exactOptional(),
  repository: IdOnly.exactOptional(),
  state: State,
  session_count: z.int().exactOptional(),
  artifacts: z.array(Artifact).exactOptional(),
  archived_at: z.iso.datetime().nullable().exactOptional(),
  updated_at: z.iso.datetime().exactOptional(),
  created_at: z.iso.datetime(),
  custom_agent: z.object({ id: z.string() }).exactOptional(),
})
export type Task = z.infer<typeof Task>

/** A task as the two get-by-id operations answer it. Sessions stand oldest first. */
export const TaskWithSessions = Task.extend({ sessions: z.array(Session) })
export type TaskWithSessions = z.infer<typeof TaskWithSessions>

/** A page of tasks. It deliberately has no `total_count` (behaviour.md 1.3). */
export const TaskPage = z.object({
  tasks: z.array(Task),
  total_active_count: z.int().exactOptional(),
  total_archived_count: z.int().exactOptional(),
})
export type TaskPage = z.infer<typeof TaskPage>

/**
 * The body of create. The first six fields are GitHub's; what follows is beyond GitHub. Fields not
 * named here are ignored.
 */
export const CreateTask = z.object({
  prompt: z.string(),
  model: z.string().exactOptional(),
  custom_agent: z.string().exactOptional(),
  create_pull_request: z.boolean().default(false),
  base_ref: z.string().exactOptional(),
  head_ref: z.string().exactOptional(),
  /** The agent that works on it. Default: that of the model. */
  agent: z.string().exactOptional(),
  /** How long a session may run, in minutes. Default and most: the server's `sessions.timeout_minutes`. */
  timeout_minutes: z.int().min(1).exactOptional(),
  /** Higher goes first; tasks of the same priority go in the order of their creation. Default 0. */
  priority: z.int().min(-100).max(100).exactOptional(),
  /** What all sessions of the task may cost together, in AI credits. Default: as much as the budgets allow. */
  max_ai_credits: z.number().positive().max(1e6).exactOptional(),
  /** The dearest multiplier a request may have. Default: what the server allows. */
  max_multiplier: z.number().min(0).max(1000).exactOptional(),
  /**
   * Whether the unfinished work of a session that has waited for too long is pushed as a branch before
   * it ends. Default: the server's `sessions.push_unfinished`.
   */
  push_unfinished: z.boolean().exactOptional(),
})
export type CreateTask = z.infer<typeof CreateTask>

/** What can be changed of a task. Null takes a bound away; a field left out stays. */
export const UpdateTask = z.object({
  max_ai_credits: z.number().positive().max(1e6).nullable().exactOptional(),
  max_multiplier: z.number().min(0).max(1000).nullable().exactOptional(),
})
export type UpdateTask = z.infer<typeof UpdateTask>

/**
 * A branch as the API takes it: `main` or `refs/heads/main`, answered as `main`
 * (behaviour.md 1.2: gh sends the long form).
 */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/heads\//, '')
}
