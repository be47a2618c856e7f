import { isEndState } from '@errand/contract'
import {
  closeComment,
  getTask,
  type HeldComment,
  noteToldQuestion,
  openQuestionOf,
  releaseComment,
  type TaskDetail,
} from '@errand/core'
import { ownCaller } from '../../auth/own-caller.ts'
import type { ServerContext } from '../../context.ts'
import { taskPageUrl } from '../../present/urls.ts'
import { asCode, markOf, type Place, say } from './say.ts'

/** Longest text of an agent's that is shown in a comment. */
const longestShown = 4000

/** Tells a pull request what became of a comment: how its task ended, or what it asks. */
export async function tellOutcome(context: ServerContext, comment: HeldComment): Promise<void> {
  const { store } = context
  const task = comment.task_id === null ? undefined : await getTask(store, comment.task_id)
  if (task === undefined) return await closeComment(store, comment, 'the task is gone')
  const question = isEndState(task.state) ? undefined : await openQuestionOf(store, task.id)
  const isNew = question !== undefined && question.id !== comment.told_question
  // It has gone on since it was claimed.
  if (!isEndState(task.state) && !isNew) return await releaseComment(store, comment)
  const place = await placeOf(context, comment)
  if (place === undefined) return await closeComment(store, comment, 'there is nowhere to tell it')
  if (question === undefined) return await tellEnd(context, place, task)
  const { mention } = context.settings.integrations
  await say(context, place, undefined, {
    // Whoever else wrote to the task need not be told a second time.
    mark: markOf(`question ${question.id}`),
    body: `@${comment.user_login}, the agent asks (${linkTo(context, task)}):\n\n${asCode(question.message, longestShown)}\n\nAnswer with a comment that begins with \`${mention}\`.`,
  })
  await noteToldQuestion(store, comment, question.id)
}

async function tellEnd(context: ServerContext, place: Place, task: TaskDetail): Promise<void> {
  const { comment } = place
  const { state } = task
  const error = task.sessions.at(-1)?.error?.message
  const why = error === undefined ? '' : `\n\n${asCode(error, longestShown)}`
  const how = state === 'completed' ? 'it is done' : `the task is **${state.replace('_', ' ')}**`
  await say(context, place, state === 'completed' ? 'rocket' : 'confused', {
    mark: markOf(`comment ${comment.comment_id}`),
    body: `@${comment.user_login}, ${how}: ${linkTo(context, task)}.${why}`,
  })
  await closeComment(context.store, comment, `told that the task is ${state}`)
}

async function placeOf(context: ServerContext, comment: HeldComment): Promise<Place | undefined> {
  const own = await ownCaller(context, comment.repository_full_name)
  const repository = own && (await context.forge.repositoryById(own, comment.repository_id))
  return own && repository && { own, repository, comment }
}

function linkTo({ publicUrl }: ServerContext, { id, repository_full_name: name }: TaskDetail) {
  return `[the task](${taskPageUrl({ web: publicUrl() }, name, id)})`
}
