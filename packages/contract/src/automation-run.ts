import { z } from 'zod'

/**
 * Where a run stands. `due` is stored and not begun yet, `started` has its task; `skipped` was not made
 * on purpose, `refused` could not be begun; the others are the end of its task.
 */
export const automationRunStatuses = [
  'due',
  'started',
  'completed',
  'failed',
  'cancelled',
  'skipped',
  'refused',
] as const
export type AutomationRunStatus = (typeof automationRunStatuses)[number]

/** Why a run was not made on purpose. */
export const skipReasons = [
  'missed',
  'still_running',
  'usage_limit_reached',
  /** Automations, or agents altogether, are switched off in the repository, or a policy keeps them out. */
  'not_enabled',
  /** A budget has nothing left to begin a task with. */
  'budget_used_up',
  /** Whoever did what began it has no write access, which the automation or its repository asks. */
  'actor_may_not_write',
  /** It was to work on the branch of a pull request that lies in another repository. */
  'from_a_fork',
  /** So many automations have started one another. */
  'too_deep',
] as const
export type SkipReason = (typeof skipReasons)[number]

/** One time that an automation ran, or should have. Beyond GitHub. */
export const AutomationRun = z.object({
  id: z.string(),
  /** A trigger's key, or `manual`. */
  event: z.string(),
  status: z.enum(automationRunStatuses),
  /** The time it was due; absent when it was started by hand. */
  scheduled_for: z.iso.datetime().exactOptional(),
  /** Why it was not made, or how it failed, in words. */
  reason: z.string().exactOptional(),
  /** The reason's name, of a run that was skipped. */
  skip_reason: z.enum(skipReasons).exactOptional(),
  /** What happened, where an event began it, and to what. */
  type: z.string().exactOptional(),
  conclusion: z.string().exactOptional(),
  resource_url: z.string().exactOptional(),
  /** Who started it, by hand or by what they did. */
  actor: z.object({ id: z.int(), login: z.string() }).exactOptional(),
  task_id: z.string().exactOptional(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().exactOptional(),
})
export type AutomationRun = z.infer<typeof AutomationRun>

export const AutomationRunPage = z.object({ runs: z.array(AutomationRun) })
export type AutomationRunPage = z.infer<typeof AutomationRunPage>

/** What starts a run by hand, as though the event had happened: its filters are not asked. */
export const RunAutomation = z.object({
  /** An event the automation is configured for, or `manual`. */
  event: z.string().default('manual'),
  /** What happened. Needed for events that are about something: issues, comments, workflow runs. */
  type: z.string().max(100).exactOptional(),
  /** How it ended. Needed for `workflow_run`. */
  conclusion: z.string().max(100).exactOptional(),
  /** What it is about, in the same repository: its page or its address in the API. Needed with `type`. */
  resource_url: z.string().max(1000).exactOptional(),
})
export type RunAutomation = z.infer<typeof RunAutomation>

/** That a run was accepted: it begins soon, and its task is found among the automation's. */
export const RunAccepted = z.object({
  automation_id: z.string(),
  event: z.string(),
  type: z.string().exactOptional(),
  conclusion: z.string().exactOptional(),
  /** Beyond GitHub: the run, as the history has it. */
  run_id: z.string(),
})
export type RunAccepted = z.infer<typeof RunAccepted>
