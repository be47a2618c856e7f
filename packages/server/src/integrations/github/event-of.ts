import { createHash } from 'node:crypto'
import type { ForgeEventName } from '@errand/contract'
import type { EventHint, NewAutomationEvent } from '@errand/core'
import { z } from 'zod'
import { id, Repository, User } from './payload.ts'

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/** Who did it. What a program does begins nothing: neither another nor Errand itself. */
const base = {
  action: z.string().max(100),
  repository: Repository,
  sender: User.extend({ type: z.literal('User') }),
}
const changed = {
  label: z.object({ name: z.string().max(200) }).optional(),
  assignee: z.object({ login: z.string().max(100) }).nullish(),
}
const Comment = z.object({ id, user: User, created_at: time })

const Payloads = {
  issues: z.object({
    ...base,
    ...changed,
    issue: z.object({ number: id, updated_at: time }),
  }),
  pull_request: z.object({
    ...base,
    ...changed,
    pull_request: z.object({
      number: id,
      updated_at: time,
      head: z.object({ sha: z.string().max(100) }),
    }),
  }),
  pull_request_review: z.object({
    ...base,
    action: z.literal('submitted'),
    pull_request: z.object({ number: id }),
    review: z.object({ id, user: User, submitted_at: time }),
  }),
  issue_comment: z.object({
    ...base,
    action: z.literal('created'),
    issue: z.object({ number: id, pull_request: z.object({}).optional() }),
    comment: Comment,
  }),
  pull_request_review_comment: z.object({
    ...base,
    action: z.literal('created'),
    pull_request: z.object({ number: id }),
    comment: Comment,
  }),
  workflow_run: z.object({
    ...base,
    workflow_run: z.object({ id, updated_at: time }),
  }),
}

interface Told {
  event: ForgeEventName
  payload: z.infer<z.ZodObject<typeof base>>
  hint: EventHint
  happened_at: Date
}

/** What automations may wait for, by a webhook's name and payload; undefined where they may not. */
export function eventOf(name: string, payload: object): NewAutomationEvent | undefined {
  const told = read(name, payload)
  if (told === undefined) return undefined
  const { event, hint, happened_at } = told
  const { action, repository, sender } = told.payload
  const what = [event, action, repository.id, hint, happened_at.getTime(), sender.id]
  return {
    // By what was signed: a delivery's number is not.
    event_key: createHash('sha256').update(JSON.stringify(what)).digest('hex'),
    event,
    type: action,
    repository_id: repository.id,
    repository_full_name: repository.full_name,
    hint,
    actor_id: sender.id,
    actor_login: sender.login,
    happened_at,
  }
}

function read(name: string, payload: object): Told | undefined {
  switch (name) {
    case 'issues': {
      const found = Payloads.issues.safeParse(payload).data
      if (found === undefined) return undefined
      const { number, updated_at } = found.issue
      const hint = { number, is_pull: false, ...detailsOf(found) }
      return { event: 'issues', payload: found, hint, happened_at: updated_at }
    }
    case 'pull_request': {
      const found = Payloads.pull_request.safeParse(payload).data
      if (found === undefined) return undefined
      const { number, updated_at, head } = found.pull_request
      const hint = { number, is_pull: true, head_sha: head.sha, ...detailsOf(found) }
      return { event: 'pull_request', payload: found, hint, happened_at: updated_at }
    }
    case 'pull_request_review': {
      const found = Payloads.pull_request_review.safeParse(payload).data
      // Who submitted it is who did it.
      if (found === undefined || found.review.user.id !== found.sender.id) return undefined
      const { review, pull_request: pull } = found
      return {
        event: 'pull_request_review_submitted',
        payload: found,
        hint: { number: pull.number, is_pull: true, review_id: review.id },
        happened_at: review.submitted_at,
      }
    }
    case 'issue_comment': {
      const found = Payloads.issue_comment.safeParse(payload).data
      if (found === undefined) return undefined
      const { number, pull_request: pull } = found.issue
      return commentOf('issue_comment', found, { number, is_pull: pull !== undefined })
    }
    case 'pull_request_review_comment': {
      const found = Payloads.pull_request_review_comment.safeParse(payload).data
      if (found === undefined) return undefined
      const { number } = found.pull_request
      return commentOf('pull_request_review_comment', found, { number, is_pull: true })
    }
    case 'workflow_run': {
      const found = Payloads.workflow_run.safeParse(payload).data
      if (found === undefined) return undefined
      const { id: run_id, updated_at } = found.workflow_run
      return { event: 'workflow_run', payload: found, hint: { run_id }, happened_at: updated_at }
    }
    default:
      return undefined
  }
}

function commentOf(
  event: 'issue_comment' | 'pull_request_review_comment',
  payload: Told['payload'] & { comment: z.infer<typeof Comment> },
  hint: EventHint,
): Told | undefined {
  const { comment, sender } = payload
  if (comment.user.id !== sender.id) return undefined
  return {
    event,
    payload,
    hint: { ...hint, comment_id: comment.id },
    happened_at: comment.created_at,
  }
}

/** Which label or assignee it was. */
function detailsOf({
  action,
  label,
  assignee,
}: {
  action: string
  label?: { name: string } | undefined
  assignee?: { login: string } | null | undefined
}): EventHint {
  if (action.endsWith('labeled') && label !== undefined) return { label: label.name }
  if (action.endsWith('assigned') && assignee) return { assignee: assignee.login }
  return {}
}
