import { z } from 'zod'
import { parseSearchQuery } from './search-query.ts'

// Keys and filters as GitHub's clients name them: `issues`, `workflow_run` and `pull_request_review_submitted`
// are known; `pull_request`, `issue_comment` and `pull_request_review_comment` are inferred from its webhooks.

/** How far a run may write, in GitHub's words. */
export const WriteScope = z.enum(['trigger', 'repository'])
export type WriteScope = z.infer<typeof WriteScope>

const common = {
  /** Of this trigger. Default: the automation's. */
  write_scope: WriteScope.exactOptional(),
}

function texts(most = 20) {
  return z.array(z.string().trim().min(1).max(200)).min(1).max(most)
}

function types<const T extends readonly [string, ...string[]]>(
  all: T,
  usual: readonly T[number][],
) {
  return z
    .array(z.enum(all))
    .min(1)
    .default([...usual])
}

/** A search expression that is understood. */
const query = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .superRefine((text, context) => {
    try {
      parseSearchQuery(text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  })

const bodySubstring = z.string().min(1).max(200)

export const issueTypes = [
  'opened',
  'edited',
  'closed',
  'reopened',
  'labeled',
  'unlabeled',
  'assigned',
  'unassigned',
] as const
export const pullTypes = [
  'opened',
  'synchronize',
  'reopened',
  'ready_for_review',
  'converted_to_draft',
  'edited',
  'labeled',
  'unlabeled',
  'assigned',
  'unassigned',
  'review_requested',
  'closed',
] as const
const reviewStates = ['approved', 'changes_requested', 'commented'] as const
export const workflowConclusions = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
  'stale',
] as const
const created = ['created'] as const

/** Triggers by what happens, each with its filters: all that are given must hold. */
export const eventTriggers = {
  issues: z.strictObject({
    types: types(issueTypes, ['opened']),
    query: query.exactOptional(),
    body_substring: bodySubstring.exactOptional(),
    labels: texts().exactOptional(),
    assignees: texts().exactOptional(),
    ...common,
  }),
  pull_request: z.strictObject({
    types: types(pullTypes, ['opened', 'synchronize', 'reopened']),
    query: query.exactOptional(),
    body_substring: bodySubstring.exactOptional(),
    labels: texts().exactOptional(),
    assignees: texts().exactOptional(),
    paths: texts(50).exactOptional(),
    ...common,
  }),
  pull_request_review_submitted: z.strictObject({
    states: z.array(z.enum(reviewStates)).min(1).exactOptional(),
    query: query.exactOptional(),
    body_substring: bodySubstring.exactOptional(),
    paths: texts(50).exactOptional(),
    ...common,
  }),
  issue_comment: z.strictObject({
    types: types(created, created),
    query: query.exactOptional(),
    body_substring: bodySubstring.exactOptional(),
    ...common,
  }),
  pull_request_review_comment: z.strictObject({
    types: types(created, created),
    query: query.exactOptional(),
    body_substring: bodySubstring.exactOptional(),
    paths: texts(50).exactOptional(),
    ...common,
  }),
  workflow_run: z.strictObject({
    types: types(['requested', 'in_progress', 'completed'], ['completed']),
    workflows: texts().exactOptional(),
    conclusions: z.array(z.enum(workflowConclusions)).min(1).exactOptional(),
    ...common,
  }),
  /** Another automation of the repository has completed a run. */
  automation_run: z.strictObject({
    automation_ids: z.array(z.uuid()).min(1).max(3),
    ...common,
  }),
} as const

export type EventName = keyof typeof eventTriggers
export type EventTriggers = { [E in EventName]: z.infer<(typeof eventTriggers)[E]> }

export const eventNames = Object.keys(eventTriggers) as EventName[]

/** About a thing on the forge, which a run by hand has to name. */
export type ForgeEventName = Exclude<EventName, 'automation_run'>

export function isForgeEvent(name: string): name is ForgeEventName {
  return name !== 'automation_run' && name in eventTriggers
}
