import { type Caller, ErrandError, type RepositoryAccess } from '@errand/contract'
import { closeComment, type HeldComment, takeComment, taskOfPull } from '@errand/core'
import { ownCaller } from '../../auth/own-caller.ts'
import { writerOf } from '../../auth/writer.ts'
import { effectivePage, refusalOfAgents } from '../../configuration/resolve.ts'
import type { ServerContext } from '../../context.ts'
import { requirePrompt } from '../../prompt.ts'
import { isPassing } from './is-passing.ts'
import { commandIn } from './mention.ts'
import { markOf, type Place, say } from './say.ts'
import { hashOfBody } from './work-of.ts'

/** An older one was told of by who kept a delivery, not by GitHub, which sends again for three days. */
const longestAgeMs = 7 * 86_400_000

/** It is none of Errand's business: nobody is answered. */
class Ignored extends Error {}

/**
 * Gives a comment to the task of its pull request, in the name of who wrote it. Everything the delivery said
 * is asked of the forge again, as Errand itself sees it: the pull request is open, the comment says what it
 * said, and its author may write now. What is not so is ignored without a word.
 */
export async function takeUp(context: ServerContext, comment: HeldComment): Promise<void> {
  const { store, log } = context
  try {
    const task = await taskOfPull(store, comment)
    if (task === undefined) throw new Ignored('no task has this pull request')
    const own = await requireOwn(context, comment)
    const repository = await requireRepository(context, own, comment)
    await requireOpenPull(context, own, repository, comment, task.head_ref)
    const body = await requireUnchanged(context, own, repository, comment)
    const author = await requireWriter(context, comment)
    const content = await commandIn(body, context.settings.integrations.mention)
    if (content === undefined) throw new Ignored('it does not speak to Errand')
    await take(context, comment, { own, repository, author, content, taskId: task.id })
  } catch (error) {
    if (!(error instanceof Ignored)) throw error
    log.info({ comment_id: comment.comment_id, reason: error.message }, 'a comment was ignored')
    await closeComment(store, comment, error.message)
  }
}

async function take(
  context: ServerContext,
  comment: HeldComment,
  of: {
    own: Caller
    repository: RepositoryAccess
    author: Caller
    content: string
    taskId: string
  },
): Promise<void> {
  const { store, settings, log } = context
  const { own, repository, author, content, taskId } = of
  try {
    requirePrompt('comment', content, settings)
  } catch (error) {
    if (!(error instanceof ErrandError)) throw error
    const reason = error.errors[0]?.message ?? error.message
    const reply = `That cannot be sent to the agent: ${reason}.`
    return await refuse(context, { own, repository, comment }, reason, reply)
  }
  const refusal = await refusalOfAgents(context, own, repository)
  // What is refused has no eyes: who works already is told of it afterwards.
  if (refusal === undefined) await seen(context, own, repository, comment)
  const by = { id: author.user.id, login: author.user.login }
  try {
    const steering = { content, by, ...(refusal === undefined ? {} : { refusal }) }
    const { outcome } = await takeComment(store, comment, taskId, steering)
    if (refusal !== undefined) await seen(context, own, repository, comment)
    log.info({ comment_id: comment.comment_id, task_id: taskId, outcome }, 'a comment was taken')
  } catch (error) {
    if (refusal === undefined || error !== refusal) throw error
    // A rule may name hosts inside; whoever can read the pull request reads the reply.
    const reply = `No agent may begin to work in ${repository.full_name} now. Who may write to it sees why: ${effectivePage(context, repository)}`
    await refuse(context, { own, repository, comment }, refusal.message, reply)
  }
}

/** Says why nothing comes of a comment, which is over with that. */
async function refuse(
  context: ServerContext,
  place: Place,
  reason: string,
  body: string,
): Promise<void> {
  const mark = markOf(`comment ${place.comment.comment_id}`)
  await say(context, place, 'confused', { mark, body })
  await closeComment(context.store, place.comment, reason)
}

/** Eyes: they are a courtesy, and no reason to do nothing. */
async function seen(
  { forge, log }: ServerContext,
  own: Caller,
  repository: RepositoryAccess,
  { type, comment_id: id }: HeldComment,
): Promise<void> {
  try {
    await forge.react(own, repository, { type, id }, 'eyes')
  } catch (error) {
    if (isPassing(error)) throw error
    log.warn({ err: error, comment_id: id }, 'a comment cannot be reacted to')
  }
}

/** @throws Ignored */
async function requireOwn(context: ServerContext, comment: HeldComment): Promise<Caller> {
  const own = await ownCaller(context, comment.repository_full_name)
  if (own === undefined) throw new Ignored('the server has no account of its own on the forge')
  return own
}

/** By its id; the name that the delivery says must be its present one, as it is what the token is for. */
export async function requireRepository(
  { forge }: ServerContext,
  own: Caller,
  { repository_id: id, repository_full_name: name }: HeldComment,
): Promise<RepositoryAccess> {
  const found = await forge.repositoryById(own, id, { asksAnew: true })
  if (found?.full_name.toLowerCase() === name.toLowerCase()) return found
  throw new Ignored('the repository is not the one that was named')
}

async function requireOpenPull(
  { forge }: ServerContext,
  own: Caller,
  repository: RepositoryAccess,
  { pull_number: number }: HeldComment,
  headRef: string | null,
): Promise<void> {
  const pull = await forge.pull(own, repository, number)
  if (pull?.state !== 'open') throw new Ignored('the pull request is not open')
  if (pull.head !== headRef) throw new Ignored("the pull request is not of the task's branch")
}

async function requireUnchanged(
  { forge }: ServerContext,
  own: Caller,
  repository: RepositoryAccess,
  told: HeldComment,
): Promise<string> {
  const { type, comment_id: id } = told
  const found = await forge.comment(own, repository, { type, id })
  if (found?.pull_number !== told.pull_number) throw new Ignored('there is no such comment')
  if (found.user.id !== told.user_id || found.user.type !== 'User') {
    throw new Ignored('it was not written by whom the delivery names')
  }
  if (hashOfBody(found.body) !== told.body_hash) throw new Ignored('it was changed since')
  const age = Date.now() - Date.parse(found.created_at)
  if (!(age < longestAgeMs)) throw new Ignored('it is too old')
  return found.body
}

/** Who wrote the comment, by what the forge says they may do now. */
async function requireWriter(context: ServerContext, comment: HeldComment): Promise<Caller> {
  const { user_id, repository_id, repository_full_name: full_name } = comment
  const author = await writerOf(context, { user_id, repository_id, full_name })
  if (author === undefined) throw new Ignored('its author may not write to the repository')
  return author
}
