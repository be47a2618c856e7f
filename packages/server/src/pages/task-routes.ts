import { type Caller, ErrandError, isEndState, type RepositoryAccess } from '@errand/contract'
import * as core from '@errand/core'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { credentialOf } from '../auth/credential.ts'
import { requireTask } from '../auth/repository.ts'
import { refusalOfAgents } from '../configuration/resolve.ts'
import type { ServerContext } from '../context.ts'
import { sendEventStream } from '../event-stream.ts'
import { taskPageUrl } from '../present/urls.ts'
import { requirePrompt } from '../prompt.ts'
import { lastEventId } from '../routes/beyond/events.ts'
import { diffOf } from '../routes/beyond/diff.ts'
import { readForm, requireOwnForm } from './forms.ts'
import { sendPage } from './layout.ts'
import { liveLogScript, logFrames } from './live-log.ts'
import type { SignIns } from './sign-in.ts'
import { findSignedIn, type SignedIn, sendToSignIn } from './signed-in.ts'
import { taskPage } from './task-page.ts'

interface TaskPath {
  owner: string
  repo: string
  task_id: string
}

const pagePath = '/:owner/:repo/copilot/tasks/:task_id'

/** `html_url` of a task: what the API shows and does, with the same rights. */
export function taskRoutes(app: FastifyInstance, context: ServerContext, signIns: SignIns): void {
  app.get<{ Params: TaskPath }>(pagePath, async (request, reply) => {
    const who = await findSignedIn(context, signIns, request)
    if (who === undefined) return sendToSignIn(request, reply)
    return await showTask(context, who, request.params, reply)
  })

  app.get<{ Params: TaskPath; Querystring: { after?: string } }>(
    `${pagePath}/log`,
    async (request, reply) => {
      const who = await findSignedIn(context, signIns, request)
      if (who === undefined) throw new ErrandError('requires_authentication')
      const { task } = await requireTask(context, who.caller, request.params.task_id, 'read')
      const after =
        lastEventId(request.headers['last-event-id']) ?? lastEventId(request.query.after) ?? 0
      const frames = (signal: AbortSignal) => logFrames(context, task.id, after, signal)
      await sendEventStream(reply, frames, { log: context.log })
      return reply
    },
  )

  for (const action of Object.keys(actions) as (keyof typeof actions)[]) {
    app.post<{ Params: TaskPath }>(`${pagePath}/${action}`, async (request, reply) => {
      requireOwnForm(context, signIns, request)
      const who = await findSignedIn(context, signIns, request)
      if (who === undefined) return sendToSignIn(request, reply)
      const { task, repository } = await requireTask(
        context,
        who.caller,
        request.params.task_id,
        'write',
      )
      const content = readForm(request)['content'] ?? ''
      await actions[action](context, { caller: who.caller, repository, id: task.id, content })
      return reply.redirect(taskPageUrl({ web: '' }, repository.full_name, task.id), 303)
    })
  }
}

interface Acting {
  caller: Caller
  repository: RepositoryAccess
  id: string
  content: string
}

/** What the page's forms do. */
const actions = {
  async cancel(context: ServerContext, { caller, id }: Acting) {
    await core.cancelTask(context.store, id, caller.user.login)
  },
  async steer(context: ServerContext, { caller, repository, id, content }: Acting) {
    requirePrompt('content', content, context.settings)
    const { id: userId, login } = caller.user
    const by = { id: userId, login }
    const credential = credentialOf(context, caller)
    const refusal = await refusalOfAgents(context, caller, repository)
    await core.steerTask(context.store, id, {
      type: 'user_message',
      content,
      by,
      ...(credential === undefined ? {} : { credential }),
      ...(refusal === undefined ? {} : { refusal }),
    })
  },
}

/** Most lines of the log that a page begins with: the last ones. */
const shownEvents = 1000

async function showTask(
  context: ServerContext,
  { caller, signIn }: SignedIn,
  path: TaskPath,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { task, repository } = await requireTask(context, caller, path.task_id, 'read')
  const own = taskPageUrl({ web: '' }, repository.full_name, task.id)
  // Under a former name, or another's, the page would be there twice.
  if (own !== taskPageUrl({ web: '' }, `${path.owner}/${path.repo}`, task.id)) {
    return reply.redirect(own, 302)
  }
  // No line that is newer than what stands above the log: of those the page hears, and is loaded again.
  const after = Math.max(0, task.event_count - shownEvents)
  const { events, total } = await core.listEvents(context.store, task.id, {
    after,
    page: 1,
    per_page: task.event_count - after,
  })
  const isOver = isEndState(task.state) && total === task.event_count
  const diff = await diffOf(context, caller, repository, task)
  const page = { task, repository, events, hidden: after, diff, formToken: signIn.formToken }
  return sendPage(reply, {
    title: task.name,
    body: taskPage(page),
    signIn,
    ...(isOver ? {} : { script: liveLogScript }),
  })
}
