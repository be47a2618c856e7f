import { z } from 'zod'
import { cadences } from './automation-parts.ts'
import { type EventName, eventNames, eventTriggers } from './event-triggers.ts'

const Field = z.object({
  id: z.string(),
  label: z.string(),
  type: z.enum(['string', 'string_array', 'integer']),
  required: z.boolean(),
  options: z.array(z.union([z.string(), z.int()])).exactOptional(),
  description: z.string(),
})
type Field = z.infer<typeof Field>

/** A trigger an automation may have, and its fields, as `GET .../triggers` answers them. */
export const AutomationTrigger = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  fields: z.array(Field),
  supports_run_now: z.boolean(),
})
export type AutomationTrigger = z.infer<typeof AutomationTrigger>

const byTheClock: AutomationTrigger[] = [
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

const events: Record<EventName, [title: string, description: string]> = {
  issues: ['Issue', 'Something happens to an issue.'],
  pull_request: ['Pull request', 'Something happens to a pull request.'],
  pull_request_review_submitted: ['Review', 'Somebody submits a review of a pull request.'],
  issue_comment: ['Comment', 'Somebody comments on an issue or a pull request.'],
  pull_request_review_comment: ['Comment on a diff', 'Somebody comments on a line of a diff.'],
  workflow_run: ['Workflow run', 'A run of GitHub Actions is requested, begins or ends.'],
  automation_run: ['Automation', 'Another automation of the repository completes a run.'],
}

const filters: Record<string, [label: string, description: string]> = {
  types: ['Types', 'What happens to it.'],
  query: [
    'Query',
    'A search expression: is:, state:, label:, author:, assignee:, words, -negation.',
  ],
  body_substring: ['Text', 'Stands in what was written, in any case.'],
  labels: ['Labels', 'The label that is added or taken away is one of these.'],
  assignees: ['Assignees', 'Who is assigned, or not any more, is one of these.'],
  states: ['States', 'What the review says.'],
  paths: ['Paths', "A file that is changed matches: patterns as a .gitignore's."],
  workflows: ['Workflows', 'The name of the workflow is one of these.'],
  conclusions: ['Conclusions', 'How it ended.'],
  automation_ids: ['Automations', 'One to three automations of the repository.'],
  write_scope: ['Write scope', "Of runs of this trigger. Default: the automation's."],
}

/** Every trigger there is. Which of them fire is the server's to say. */
export const automationTriggers: AutomationTrigger[] = [
  ...byTheClock,
  ...eventNames.map((id) => {
    const [title, description] = events[id]
    const fields = Object.entries(eventTriggers[id].shape).map(([name, schema]) =>
      fieldOf(name, schema),
    )
    return { id, title, description, fields, supports_run_now: id !== 'automation_run' }
  }),
]

/** From the schema itself, so that nothing is offered that would be refused. */
function fieldOf(id: string, schema: z.ZodType): Field {
  const { type, items, enum: one } = z.toJSONSchema(schema, { io: 'input' })
  const options = typeof items === 'object' && 'enum' in items ? items.enum : one
  const [label = id, description = ''] = filters[id] ?? []
  return {
    id,
    label,
    type: type === 'array' ? 'string_array' : 'string',
    required: !schema.safeParse(undefined).success && id === 'automation_ids',
    ...(options !== undefined && { options: options.map(String) }),
    description,
  }
}
