import { createHash } from 'node:crypto'
import type { DeliveryWork } from '@errand/core'
import { z } from 'zod'
import { eventOf } from './event-of.ts'
import { mayMention } from './mention.ts'
import { id, Repository, User } from './payload.ts'

const Comment = z.object({
  id,
  body: z.string(),
  user: User,
})

const Events = {
  issue_comment: z.object({
    action: z.string(),
    // An issue that is no pull request has none of the latter.
    issue: z.object({ number: id, pull_request: z.object({}).optional() }),
    comment: Comment,
    repository: Repository,
  }),
  pull_request_review_comment: z.object({
    action: z.string(),
    pull_request: z.object({ number: id }),
    comment: Comment,
    repository: Repository,
  }),
  pull_request: z.object({
    action: z.string(),
    pull_request: z.object({ number: id }),
    repository: Repository,
  }),
}

/**
 * What an event gives to do: one comment may speak to Errand, and be what an automation waits for. A comment is
 * looked at once, when it is written: one that is changed later, and any bot's, our own too, gives nothing to do.
 */
export function worksOf(name: string, payload: object, mention: string): DeliveryWork[] {
  const event = eventOf(name, payload)
  const work = workOf(name, payload, mention)
  return [
    ...(work === undefined ? [] : [work]),
    ...(event === undefined ? [] : [{ type: 'event' as const, event }]),
  ]
}

function workOf(name: string, payload: object, mention: string): DeliveryWork | undefined {
  switch (name) {
    case 'issue_comment': {
      const event = Events.issue_comment.safeParse(payload).data
      if (event?.action !== 'created' || event.issue.pull_request === undefined) return undefined
      return commentWork('issue', event, event.issue.number, mention)
    }
    case 'pull_request_review_comment': {
      const event = Events.pull_request_review_comment.safeParse(payload).data
      if (event?.action !== 'created') return undefined
      return commentWork('review', event, event.pull_request.number, mention)
    }
    case 'pull_request': {
      const event = Events.pull_request.safeParse(payload).data
      if (event === undefined || !['closed', 'reopened'].includes(event.action)) return undefined
      const { number } = event.pull_request
      return { type: 'pull', repository_id: event.repository.id, pull_number: number }
    }
    default:
      return undefined
  }
}

function commentWork(
  type: 'issue' | 'review',
  {
    comment,
    repository,
  }: { comment: z.infer<typeof Comment>; repository: z.infer<typeof Repository> },
  pullNumber: number,
  mention: string,
): DeliveryWork | undefined {
  if (comment.user.type !== 'User' || !mayMention(comment.body, mention)) return undefined
  return {
    type: 'comment',
    comment: {
      repository_id: repository.id,
      type,
      comment_id: comment.id,
      repository_full_name: repository.full_name,
      pull_number: pullNumber,
      user_id: comment.user.id,
      user_login: comment.user.login,
      body_hash: hashOfBody(comment.body),
    },
  }
}

/** By which it is seen that a comment says something else by now. */
export function hashOfBody(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
