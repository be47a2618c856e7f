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
  /** Who started it by hand. */
  actor: z.object({ id: z.int(), login: z.string() }).exactOptional(),
  task_id: z.string().exactOptional(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().exactOptional(),
})
export type AutomationRun = z.infer<typeof AutomationRun>

export const AutomationRunPage = z.object({ runs: z.array(AutomationRun) })
export type AutomationRunPage = z.infer<typeof AutomationRunPage>

/** What starts a run by hand. */
export const RunAutomation = z.object({
  /** An event the automation is configured for, or `manual`. */
  event: z.string().default('manual'),
  type: z.string().exactOptional(),
  conclusion: z.string().exactOptional(),
  /** Only of events that are about something: none here is. */
  resource_url: z
    .literal('', 'must be left out: the events here are about no resource')
    .exactOptional(),
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
