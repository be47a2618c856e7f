import { z } from 'zod'
import { eventTriggers } from './event-triggers.ts'

const hours = z.int().min(0).max(23)
const minutes = z.literal([0, 15, 30, 45])
export const cadences = ['hourly', 'daily', 'weekly'] as const

/** Runs by the clock, in UTC. Several cadences are runs of each of them. */
export const IntervalTrigger = z
  .strictObject({
    cadence: z.array(z.enum(cadences)).min(1).max(3),
    hour_utc: hours.exactOptional(),
    minute_utc: minutes.default(0),
    /** 0 is Sunday. */
    day_of_week: z.int().min(0).max(6).exactOptional(),
  })
  .refine(({ cadence, hour_utc }) => hour_utc !== undefined || onlyHourly(cadence), {
    path: ['hour_utc'],
    message: 'is needed for the cadences daily and weekly',
  })
  .refine(({ cadence, day_of_week }) => day_of_week !== undefined || !cadence.includes('weekly'), {
    path: ['day_of_week'],
    message: 'is needed for the cadence weekly: 0 is Sunday',
  })
export type IntervalTrigger = z.infer<typeof IntervalTrigger>

function onlyHourly(cadence: readonly string[]): boolean {
  return cadence.every((name) => name === 'hourly')
}

/** Beyond GitHub: runs by a cron expression of five fields, in the local time of a zone. */
export const CronTrigger = z.strictObject({
  expression: z.string().trim().min(1).max(200),
  /** A name of the IANA database, like `Europe/Berlin`. */
  time_zone: z.string().max(100).default('UTC'),
})
export type CronTrigger = z.infer<typeof CronTrigger>

/** By event, and by the clock. Which of them its forge can fire, the server says and checks. */
export const Triggers = z.strictObject(
  {
    interval: IntervalTrigger.exactOptional(),
    cron: CronTrigger.exactOptional(),
    issues: eventTriggers.issues.exactOptional(),
    pull_request: eventTriggers.pull_request.exactOptional(),
    pull_request_review_submitted: eventTriggers.pull_request_review_submitted.exactOptional(),
    issue_comment: eventTriggers.issue_comment.exactOptional(),
    pull_request_review_comment: eventTriggers.pull_request_review_comment.exactOptional(),
    workflow_run: eventTriggers.workflow_run.exactOptional(),
    automation_run: eventTriggers.automation_run.exactOptional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `no server fires ${issue.keys?.join(', ')}; GET .../automations/triggers lists what this one does`
        : undefined,
  },
)
export type Triggers = z.infer<typeof Triggers>

/** The keys that fire by the clock. */
export type ClockTrigger = 'interval' | 'cron'

export const usagePeriods = ['day', 'week', 'month'] as const
export type UsagePeriod = (typeof usagePeriods)[number]

/** A soft cap in nano AI credits over a calendar period of UTC: reached, no new run is begun. */
export const UsageLimit = z.object({ period: z.enum(usagePeriods), limit: z.int().min(1) })
export type UsageLimit = z.infer<typeof UsageLimit>

export const UsageLimitStatus = UsageLimit.extend({
  used: z.int(),
  resets_at: z.iso.datetime(),
  reached: z.boolean(),
})
export type UsageLimitStatus = z.infer<typeof UsageLimitStatus>

/** What a run may do beside changing its branch. */
export const AutomationTool = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  scope: z.enum(['read', 'write']),
})

/** Every tool an automation may be given, in their groups. */
export const automationTools: {
  id: string
  title: string
  tools: z.infer<typeof AutomationTool>[]
}[] = [
  {
    id: 'pull_requests',
    title: 'Issues and pull requests',
    tools: [
      {
        id: 'create_pull_request',
        title: 'Open a pull request',
        description: 'A run that changed something ends in a draft pull request.',
        scope: 'write',
      },
      {
        id: 'add_comment',
        title: 'Comment',
        description:
          'A run that an issue or a pull request began ends in a comment there: what was done, or why it failed.',
        scope: 'write',
      },
    ],
  },
]
