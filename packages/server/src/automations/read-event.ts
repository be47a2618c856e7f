import type {
  Caller,
  ForgeComment,
  ForgeEventName,
  ForgeSubject,
  RepositoryAccess,
} from '@errand/contract'
import type { EventFacts, EventHint } from '@errand/core'
import type { ServerContext } from '../context.ts'

/** Something an automation waits for, as the forge says it is now. */
export interface ReadEvent {
  facts: EventFacts
  subject?: ForgeSubject
  /** Its page. */
  url: string
  title: string
  /** What was written, and by whom. */
  text: string
  author?: Caller['user']
}

/** What was told is not so, or not any more: nothing is begun. */
export class NotSo extends Error {}

/** Where it is looked for, in whose name. */
export interface Place {
  own: Caller
  repository: RepositoryAccess
}

/** What was told of it. */
export interface ToldEvent {
  event: ForgeEventName
  type: string
  hint: EventHint
  /** Who is said to have written it; absent where nobody is. */
  actor_id?: number
}

/**
 * Asks the forge for everything that was told.
 *
 * @throws NotSo
 */
export async function readEvent(
  context: ServerContext,
  place: Place,
  told: ToldEvent,
): Promise<ReadEvent> {
  return await readers[told.event](context, place, told)
}

const readers: Record<ForgeEventName, typeof readChange> = {
  issues: readChange,
  pull_request: readChange,
  issue_comment: readComment,
  pull_request_review_comment: readComment,
  pull_request_review_submitted: readReview,
  workflow_run: readWorkflowRun,
}

async function readChange(
  context: ServerContext,
  place: Place,
  { event, type, hint, actor_id: actorId }: ToldEvent,
): Promise<ReadEvent> {
  const subject = await requireSubject(context, place, hint)
  const { title, body: text, html_url: url, author, labels, branch } = subject
  if (type === 'opened' && actorId !== undefined && author.id !== actorId) {
    throw new NotSo('it was not opened by whom the delivery names')
  }
  if (type === 'labeled' && hint.label !== undefined && !labels.includes(hint.label)) {
    throw new NotSo('it has not the label any more')
  }
  if (type === 'synchronize' && hint.head_sha !== undefined && branch?.head_sha !== hint.head_sha) {
    throw new NotSo('its branch was moved since')
  }
  const { label, assignee } = hint
  return {
    facts: {
      event,
      type,
      text,
      subject: { ...subject, author: author.login },
      ...(label !== undefined && { label }),
      ...(assignee !== undefined && { assignee }),
    },
    subject,
    url,
    title,
    text,
    author,
  }
}

async function readComment(
  context: ServerContext,
  place: Place,
  { event, type, hint, actor_id: actorId }: ToldEvent,
): Promise<ReadEvent> {
  const kind = event === 'issue_comment' ? 'issue' : 'review'
  const id = hint.comment_id ?? 0
  const comment = await context.forge.comment(place.own, place.repository, { type: kind, id })
  if (comment === undefined || comment.pull_number !== (hint.number ?? comment.pull_number)) {
    throw new NotSo('there is no such comment')
  }
  requireAuthor(comment, actorId)
  const number = comment.pull_number
  const subject = await requireSubject(context, place, { ...hint, number })
  return {
    ...writtenOn(subject, comment, { event, type }),
    url: `${subject.html_url}#${kind === 'issue' ? 'issuecomment-' : 'discussion_r'}${id}`,
  }
}

async function readReview(
  context: ServerContext,
  place: Place,
  { event, type, hint, actor_id: actorId }: ToldEvent,
): Promise<ReadEvent> {
  const { number = 0, review_id: id = 0 } = hint
  const review = await context.forge.review(place.own, place.repository, { number, id })
  if (review === undefined) throw new NotSo('there is no such review')
  requireAuthor(review, actorId)
  const subject = await requireSubject(context, place, hint)
  const written = writtenOn(subject, review, { event, type })
  return {
    ...written,
    facts: { ...written.facts, review_state: review.state },
    url: review.html_url,
  }
}

async function readWorkflowRun(
  { forge }: ServerContext,
  { own, repository }: Place,
  { event, type, hint }: ToldEvent,
): Promise<ReadEvent> {
  const run = await forge.workflowRun(own, repository, hint.run_id ?? 0)
  if (run === undefined) throw new NotSo('there is no such run of a workflow')
  if (type === 'completed' && run.status !== 'completed') throw new NotSo('it was begun anew')
  const { name, title, html_url: url, conclusion } = run
  return {
    facts: { event, type, workflow: name, ...(conclusion !== null && { conclusion }) },
    url,
    title: `${name}: ${title}`,
    text: '',
  }
}

async function requireSubject(
  { forge }: ServerContext,
  { own, repository }: Place,
  { number = 0, is_pull: isPull }: EventHint,
): Promise<ForgeSubject> {
  const type = isPull === true ? 'pull' : 'issue'
  const subject = await forge.subject(own, repository, { type, number })
  if (subject !== undefined) return subject
  throw new NotSo(`there is no such ${type === 'pull' ? 'pull request' : 'issue'}`)
}

function requireAuthor({ user }: Pick<ForgeComment, 'user'>, actorId: number | undefined): void {
  if (user.type === 'Bot') throw new NotSo('a program wrote it')
  if (actorId !== undefined && user.id !== actorId) {
    throw new NotSo('it was not written by whom the delivery names')
  }
}

function writtenOn(
  subject: ForgeSubject,
  { body: text, user: author }: Pick<ForgeComment, 'body' | 'user'>,
  { event, type }: Pick<ToldEvent, 'event' | 'type'>,
) {
  return {
    facts: { event, type, text, subject: { ...subject, author: subject.author.login } },
    subject,
    title: subject.title,
    text,
    author,
  }
}
