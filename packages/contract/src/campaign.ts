import { z } from 'zod'
import { PageQuery } from './page.ts'
import { IdOnly, Usage } from './session.ts'
import { State } from './states.ts'
import { CreateTask, PullArtifact } from './task.ts'

/** Most repositories of one campaign. */
export const campaignTargetLimit = 1000

/** When a campaign stops sending by itself: so many failed tasks, or such a part of those that ended. */
export const StopAfterFailures = z.union([
  z.int().min(1),
  z.string().regex(/^([1-9]\d?|100)%$/, 'must be a number, or a percentage like 10%'),
])
export type StopAfterFailures = z.infer<typeof StopAfterFailures>

/** Review is the bottleneck: a task is held back while its pull request would be one too many. */
export const OpenPullCaps = z.object({
  /** Open pull requests of campaigns in one repository. */
  per_repository: z.int().min(1).exactOptional(),
  /** Open pull requests of the campaigns of one creator. */
  per_author: z.int().min(1).exactOptional(),
  /** Open pull requests of campaigns that one reviewer was asked to look at. */
  per_reviewer: z.int().min(1).exactOptional(),
})
export type OpenPullCaps = z.infer<typeof OpenPullCaps>

const logins = z.array(z.string().regex(/^[A-Za-z0-9-]{1,39}$/, 'must be a login')).max(15)
const slugs = z.array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be a slug')).max(15)

/** What the pull requests of a campaign get when they are there. */
export const CampaignPull = z.object({
  /** Default: what the task called it. */
  title: z.string().trim().min(1).max(256).exactOptional(),
  labels: z.array(z.string().trim().min(1).max(50)).max(100).default([]),
  /** Who is asked for a review, by login. */
  reviewers: logins.default([]),
  /** Which teams of the owner are asked for a review, by slug. */
  team_reviewers: slugs.default([]),
})
export type CampaignPull = z.infer<typeof CampaignPull>

/** A repository of a campaign, and what is particular to it. */
export const CampaignTarget = z.object({
  repository: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/, 'must be owner/name'),
  /** Instead of the campaign's prompt. */
  prompt: z.string().exactOptional(),
  /** Instead of the campaign's base. */
  base_ref: z.string().exactOptional(),
  /** Of its pull request, each instead of the campaign's. */
  pull_request: z
    .object({
      title: CampaignPull.shape.title,
      labels: CampaignPull.shape.labels.removeDefault().exactOptional(),
      reviewers: logins.exactOptional(),
      team_reviewers: slugs.exactOptional(),
    })
    .exactOptional(),
})
export type CampaignTarget = z.infer<typeof CampaignTarget>

/** The rules by which a campaign's tasks are sent. */
export const CampaignRules = z.object({
  /** How many repositories the first waves have; the last wave is all the rest. Default: one wave. */
  waves: z.array(z.int().min(1)).max(100).default([]),
  /** Whether a wave waits until `resume` says so, beside that the one before must have ended. */
  pause_after_wave: z.boolean().default(false),
  /** How many tasks may be open at a time. Default: as many as there are. */
  concurrency: z.int().min(1).max(10_000).exactOptional(),
  stop_after_failures: StopAfterFailures.exactOptional(),
  /** What all tasks together may cost, in AI credits. */
  max_ai_credits: z.number().positive().max(9_000_000).exactOptional(),
  max_open_pulls: OpenPullCaps.exactOptional(),
})
export type CampaignRules = z.infer<typeof CampaignRules>

/** The body of a campaign's create: a task's, sent to many repositories. Fields not named are ignored. */
export const CreateCampaign = CreateTask.omit({ head_ref: true }).extend({
  ...CampaignRules.shape,
  /** Default: from the prompt's first line. */
  name: z.string().trim().min(1).max(100).exactOptional(),
  create_pull_request: z.boolean().default(true),
  /** The title, labels and reviewers of the pull requests. */
  pull_request: CampaignPull.prefault({}),
  targets: z.array(CampaignTarget).min(1).max(campaignTargetLimit),
})
export type CreateCampaign = z.infer<typeof CreateCampaign>

/**
 * Where a campaign stands, derived from its tasks: `paused` by somebody or by a rule, `completed` when
 * every task has that was not skipped, `partial_failed` when some have, `failed` when none has.
 */
export const CampaignStatus = z.enum([
  'in_progress',
  'paused',
  'completed',
  'partial_failed',
  'failed',
  'cancelled',
])
export type CampaignStatus = z.infer<typeof CampaignStatus>

export const PauseReason = z.enum(['user', 'wave_ended', 'failures', 'budget'])
export type PauseReason = z.infer<typeof PauseReason>

/** What is still to come, reckoned from tasks that have ended. Absent fields: nothing to go by yet. */
export const CampaignForecast = z.object({
  /** Tasks that have not ended, those still to be sent among them. */
  remaining_tasks: z.int(),
  /** When the last of them will probably have ended, if nobody has to be waited for. */
  ends_at: z.iso.datetime().exactOptional(),
  /** What the whole campaign will probably have cost by then, with what it has cost so far. */
  usage: Usage.exactOptional(),
  /** What it is reckoned from: the campaign's own ended tasks, else recent ones on the same model. */
  basis: z
    .object({
      source: z.enum(['campaign', 'model']),
      tasks: z.int(),
      median_seconds: z.number(),
      median_usage: Usage,
    })
    .exactOptional(),
})
export type CampaignForecast = z.infer<typeof CampaignForecast>

export const CampaignCounts = z.object({
  total: z.int(),
  /** Not sent yet. */
  pending: z.int(),
  queued: z.int(),
  in_progress: z.int(),
  waiting_for_user: z.int(),
  completed: z.int(),
  failed: z.int(),
  timed_out: z.int(),
  cancelled: z.int(),
  /** Never sent: a task or a pull request of the same campaign is open there. */
  skipped: z.int(),
})
export type CampaignCounts = z.infer<typeof CampaignCounts>

/** A campaign as answered. */
export const Campaign = CampaignRules.extend({
  id: z.string(),
  url: z.string(),
  name: z.string(),
  status: CampaignStatus,
  creator: IdOnly,
  /** The wave being worked on, from 1. */
  current_wave: z.int(),
  paused: z
    .object({ reason: PauseReason, message: z.string(), paused_at: z.iso.datetime() })
    .exactOptional(),
  /** Present while a cap on open pull requests keeps tasks from being sent. */
  held_by_open_pulls: z.literal(true).exactOptional(),
  counts: CampaignCounts,
  pulls: z.object({ open: z.int(), merged: z.int(), closed: z.int() }),
  usage: Usage,
  forecast: CampaignForecast,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
export type Campaign = z.infer<typeof Campaign>

export const CampaignPage = z.object({ campaigns: z.array(Campaign) })

/** One repository of a campaign, and what became of it. */
export const CampaignTargetState = z.object({
  repository: z.object({ id: z.int(), full_name: z.string() }),
  wave: z.int(),
  /** How often it was sent: more than 1 after a retry. */
  attempt: z.int(),
  /** `pending` until it is sent, then its task's; without a task `failed` or `skipped`, see `error`. */
  state: z.enum(['pending', ...State.options, 'skipped']),
  task_id: z.string().exactOptional(),
  html_url: z.string().exactOptional(),
  /** When its task was created. */
  created_at: z.iso.datetime().exactOptional(),
  /** When its task's last session ended. */
  completed_at: z.iso.datetime().exactOptional(),
  reviewers: z.array(z.string()),
  /** What the forge refused of the title, the labels and the reviewers. */
  problems: z.array(z.string()),
  pull: z
    .object({
      ...PullArtifact.shape.data.shape,
      /** As last seen at the forge. */
      state: z.enum(['open', 'closed', 'merged']),
    })
    .exactOptional(),
  usage: Usage,
  /** Why its task failed, or why it was not sent. */
  error: z.object({ message: z.string() }).exactOptional(),
})
export type CampaignTargetState = z.infer<typeof CampaignTargetState>

export const CampaignTargetQuery = PageQuery.extend({
  state: CampaignTargetState.shape.state.exactOptional(),
})
export const CampaignTargetPage = z.object({ targets: z.array(CampaignTargetState) })

/** The body of resume: what to change before going on. A campaign out of budget needs a higher one. */
export const ResumeCampaign = z.object({
  max_ai_credits: CampaignRules.shape.max_ai_credits,
  concurrency: CampaignRules.shape.concurrency,
})
export type ResumeCampaign = z.infer<typeof ResumeCampaign>
