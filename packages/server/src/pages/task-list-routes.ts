import * as core from '@errand/core'
import type { FastifyInstance } from 'fastify'
import { visibleRepositories } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { html } from './html.ts'
import { sendPage } from './layout.ts'
import { pageLinks, taskTable } from './parts.ts'
import type { SignIns } from './sign-in.ts'
import { findSignedIn } from './signed-in.ts'

const perPage = 50

/** `/`: the tasks of whoever is signed in, in repositories they still see. */
export function taskListRoutes(
  app: FastifyInstance,
  context: ServerContext,
  signIns: SignIns,
): void {
  app.get<{ Querystring: { page?: string } }>('/', async (request, reply) => {
    const who = await findSignedIn(context, signIns, request)
    if (who === undefined) return reply.redirect('/login', 303)
    const page = pageNumber(request.query.page)
    const list = await core.listTasks(context.store, {
      creator_ids: [who.caller.user.id],
      is_archived: false,
      sort: 'updated_at',
      direction: 'desc',
      page,
      per_page: perPage,
    })
    const ids = list.tasks.map((task) => task.repository_id)
    const visible = await visibleRepositories(context, who.caller, ids)
    const tasks = list.tasks.filter((task) => visible.has(task.repository_id))
    return sendPage(reply, {
      title: 'Tasks',
      body: html`<h1>Tasks</h1>
        ${taskTable(tasks)} ${pageLinks(page, list.has_more)}`,
      signIn: who.signIn,
    })
  })
}

/** Pages start at 1; anything that is no page is the first. */
export function pageNumber(given: unknown): number {
  return typeof given === 'string' && /^[1-9]\d{0,5}$/.test(given) ? Number(given) : 1
}
