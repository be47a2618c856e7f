import formbody from '@fastify/formbody'
import { ErrandError } from '@errand/contract'
import * as core from '@errand/core'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { requireTask } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { presentError } from '../errors.ts'
import { diffOf } from '../routes/beyond/diff.ts'
import { taskPageUrl } from '../present/urls.ts'
import { html } from './html.ts'
import { sendPage } from './layout.ts'
import { repositoryPages } from './repository-pages.ts'
import { requireCaller, sendToSignIn } from './signed-in.ts'
import { signInPage } from './sign-in-page.ts'
import { isOwnForm, type SignIn, type SignIns } from './sign-in.ts'
import { taskTable } from './parts.ts'
import { liveLogScript, taskPage } from './task-page.ts'

interface TaskPath {
  owner: string
  repo: string
  task_id: string
}

/** The pages: they show what the API shows, to who may see it, and no more. */
export function pageRoutes(context: ServerContext, signIns: SignIns): FastifyPluginAsync {
  return async (app) => {
    await app.register(formbody, { bodyLimit: 256 * 1024 })
    app.setErrorHandler((error, request, reply) => {
      const { status, body } = presentError(error, context.log, request.id)
      const title = status === 404 ? 'Not found' : 'That did not work'
      const details = body.errors?.map((item) => html`<p>${item.message ?? item.code}</p>`)
      return sendPage(reply, {
        title,
        status,
        body: html`<h1>${title}</h1>
          <p>${body.message}</p>
          ${details}`,
        signIn: signIns.find(request),
      })
    })

    app.get('/login', async (request, reply) =>
      sendPage(reply, { title: 'Sign in', body: signInPage(returnTo(request.query)) }),
    )
    app.post('/login', async (request, reply) => await signIn(context, signIns, request, reply))
    app.post('/logout', async (request, reply) => {
      requireForm(signIns, request)
      signIns.close(request, reply)
      return reply.redirect('/login', 303)
    })
    app.get('/', async (request, reply) => {
      const who = signIns.find(request)
      if (who === undefined) return reply.redirect('/login', 303)
      const caller = await requireCaller(context, who)
      const list = await core.listTasks(context.store, {
        creator_ids: [caller.user.id],
        is_archived: false,
        sort: 'updated_at',
        direction: 'desc',
        page: 1,
        per_page: 50,
      })
      return sendPage(reply, {
        title: 'Tasks',
        body: html`<h1>Tasks</h1>${taskTable(list.tasks)}`,
        signIn: who,
      })
    })
    repositoryPages(app, context, signIns)
    app.get<{ Params: TaskPath }>(
      '/:owner/:repo/copilot/tasks/:task_id',
      async (request, reply) => {
        const who = signIns.find(request)
        if (who === undefined) return sendToSignIn(request, reply)
        return await showTask(context, who, request.params.task_id, reply)
      },
    )
    app.post<{ Params: TaskPath }>(
      '/:owner/:repo/copilot/tasks/:task_id/:action',
      async (request, reply) =>
        await actOnTask(context, requireForm(signIns, request), request, reply),
    )
  }
}

async function signIn(
  context: ServerContext,
  signIns: SignIns,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const form = formOf(request)
  const token = form['token']?.trim() ?? ''
  const caller = token === '' ? undefined : await context.forge.authenticate(token)
  if (caller === undefined) {
    const problem = 'This token is not known. Check that it is whole and has not expired.'
    const body = signInPage(returnTo(form), problem)
    return sendPage(reply, { title: 'Sign in', body, status: 401 })
  }
  signIns.open(reply, context.publicUrl().startsWith('https:'), {
    token,
    login: caller.user.login,
  })
  return reply.redirect(returnTo(form), 303)
}

async function showTask(context: ServerContext, who: SignIn, id: string, reply: FastifyReply) {
  const caller = await requireCaller(context, who)
  const { task, repository } = await requireTask(context, caller, id, 'read')
  const { events } = await core.listEvents(context.store, task.id, { page: 1, per_page: 1000 })
  const diff = await diffOf(context, caller, repository, task)
  return sendPage(reply, {
    title: task.name,
    body: taskPage({ task, repository, events, diff, formToken: who.formToken }),
    signIn: who,
    script: liveLogScript(task.id, events.at(-1)?.id ?? '0'),
  })
}

/** What the page's forms do: the same as the API, with the same rights. */
async function actOnTask(
  context: ServerContext,
  who: SignIn,
  request: FastifyRequest<{ Params: TaskPath }>,
  reply: FastifyReply,
) {
  const caller = await requireCaller(context, who)
  const { task_id: id, action } = request.params as TaskPath & { action: string }
  const { task, repository } = await requireTask(context, caller, id, 'write')
  const by = { id: caller.user.id, login: caller.user.login }
  const content = formOf(request)['content']?.trim() ?? ''
  if (action === 'cancel') await core.cancelTask(context.store, task.id, by.login)
  else if (action === 'steer' && content !== '') {
    await core.steerTask(context.store, task.id, { type: 'user_message', content, by })
  } else if (action !== 'steer') throw new ErrandError('not_found')
  return reply.redirect(taskPageUrl({ web: '' }, repository.full_name, task.id), 303)
}

/** @throws ErrandError forbidden when the form does not come from one of our own pages. */
function requireForm(signIns: SignIns, request: FastifyRequest): SignIn {
  const who = signIns.find(request)
  if (who === undefined || !isOwnForm(who, formOf(request)['form_token'])) {
    throw new ErrandError('forbidden', {
      message: 'This form is no longer valid. Go back, load the page again, and send it once more.',
    })
  }
  return who
}

/** The texts of a form; a field sent twice is none. */
function formOf(request: FastifyRequest): Record<string, string | undefined> {
  const body: unknown = request.body
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(
    Object.entries(body).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}

/** Where to go after signing in: a path of this server, never another site. */
export function returnTo(source: unknown): string {
  const given =
    typeof source === 'object' && source !== null && 'return_to' in source
      ? source.return_to
      : undefined
  return typeof given === 'string' && /^\/(?![/\\])[^\u0000-\u0020\\]*$/.test(given) ? given : '/'
}
