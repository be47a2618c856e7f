import { z } from 'zod'

const hours = z.int().min(0).max(23)
const minutes = z.literal([0, 15, 30, 45])
const cadences = ['hourly', 'daily', 'weekly'] as const

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

/** By event. Only what the server really fires is taken: anything else would wait for ever. */
export const Triggers = z.strictObject(
  { interval: IntervalTrigger.exactOptional(), cron: CronTrigger.exactOptional() },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `this server does not fire ${issue.keys?.join(', ')}; what it fires: interval, cron (GET .../automations/triggers)`
        : undefined,
  },
)
export type Triggers = z.infer<typeof Triggers>

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
    title: 'Pull requests',
    tools: [
      {
        id: 'create_pull_request',
        title: 'Open a pull request',
        description: 'A run that changed something ends in a draft pull request.',
        scope: 'write',
      },
    ],
  },
]

export const AutomationTrigger = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  fields: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      type: z.enum(['string', 'string_array', 'integer']),
      required: z.boolean(),
      options: z.array(z.union([z.string(), z.int()])).exactOptional(),
      description: z.string(),
    }),
  ),
  supports_run_now: z.boolean(),
})

/** Every trigger the server fires: the keys of `Triggers`. */
export const automationTriggers: (z.infer<typeof AutomationTrigger> & { id: keyof Triggers })[] = [
  {
    id: 'interval',
    title: 'Interval',
    description: 'Every hour, day or week, in UTC.',
    fields: [
      {
        id: 'cadence',
        label: 'Cadence',
        type: 'string_array',
        required: true,
        options: [...cadences],
        description: 'How often.',
      },
      {
        id: 'hour_utc',
        label: 'Hour',
        type: 'integer',
        required: false,
        description: '0 to 23; needed for daily and weekly.',
      },
      {
        id: 'minute_utc',
        label: 'Minute',
        type: 'integer',
        required: false,
        options: [0, 15, 30, 45],
        description: 'Default 0.',
      },
      {
        id: 'day_of_week',
        label: 'Day of the week',
        type: 'integer',
        required: false,
        options: [0, 1, 2, 3, 4, 5, 6],
        description: '0 is Sunday; needed for weekly.',
      },
    ],
    supports_run_now: true,
  },
  {
    id: 'cron',
    title: 'Cron',
    description: 'By a cron expression, in the local time of a zone.',
    fields: [
      {
        id: 'expression',
        label: 'Expression',
        type: 'string',
        required: true,
        description: 'Minute, hour, day of the month, month, day of the week.',
      },
      {
        id: 'time_zone',
        label: 'Time zone',
        type: 'string',
        required: false,
        description: 'Like Europe/Berlin. Default UTC.',
      },
    ],
    supports_run_now: true,
  },
]
