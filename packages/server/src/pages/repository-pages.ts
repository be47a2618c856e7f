import {
  ErrandError,
  type ForgePull,
  type RepositoryAccess,
  type RepositoryName,
} from '@errand/contract'
import * as core from '@errand/core'
import type { FastifyInstance } from 'fastify'
import { requireRepository } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { diffLimitBytes } from '../routes/beyond/diff.ts'
import { type Html, html } from './html.ts'
import { sendPage } from './layout.ts'
import { wantsPage } from './error-page.ts'
import { diffBox, pageLinks, taskTable } from './parts.ts'
import type { SignIns } from './sign-in.ts'
import { findSignedIn, sendToSignIn } from './signed-in.ts'
import { pageNumber } from './task-list-routes.ts'

/** What `html_url` of a repository and of a pull request on the embedded forge lead to. */
export function repositoryPages(
  app: FastifyInstance,
  context: ServerContext,
  signIns: SignIns,
): void {
  app.get<{ Params: RepositoryName; Querystring: { page?: string } }>(
    '/:owner/:repo',
    async (request, reply) => {
      // A path of two words may be a mistyped one of the API: only who wants a page gets one.
      if (!wantsPage(request)) return reply.callNotFound()
      const who = await findSignedIn(context, signIns, request)
      if (who === undefined) return sendToSignIn(request, reply)
      const repository = await requireRepository(context, who.caller, request.params, 'read')
      const page = pageNumber(request.query.page)
      const list = await core.listTasks(context.store, {
        repository_id: repository.id,
        is_archived: false,
        sort: 'updated_at',
        direction: 'desc',
        page,
        per_page: 50,
      })
      const tasks = html`${taskTable(list.tasks)} ${pageLinks(page, list.has_more)}`
      const body = repositoryPage(repository, context.publicUrl(), tasks)
      return sendPage(reply, { title: repository.full_name, body, signIn: who.signIn })
    },
  )

  app.get<{ Params: RepositoryName & { number: string } }>(
    '/:owner/:repo/pull/:number',
    async (request, reply) => {
      const who = await findSignedIn(context, signIns, request)
      if (who === undefined) return sendToSignIn(request, reply)
      const { caller, signIn } = who
      const repository = await requireRepository(context, caller, request.params, 'read')
      const number = Number(request.params.number)
      const pull = Number.isSafeInteger(number)
        ? await context.forge.pull(caller, repository, number)
        : undefined
      if (pull === undefined) throw new ErrandError('not_found')
      const { base, head } = pull
      const diff = await context.forge.diff(caller, repository, base, head, diffLimitBytes)
      const body = pullPage(repository, pull, diff)
      return sendPage(reply, { title: `${pull.title} #${number}`, body, signIn })
    },
  )
}

function repositoryPage(repository: RepositoryAccess, publicUrl: string, tasks: Html): Html {
  return html`<h1>${repository.full_name}</h1>
    <p class="quiet">${repository.private ? 'Private' : 'Public'}, default branch ${repository.default_branch}</p>
    <div class="box"><pre>git clone ${publicUrl}/${repository.full_name}.git</pre></div>
    <h2>Tasks</h2>
    ${tasks}`
}

function pullPage(repository: RepositoryAccess, pull: ForgePull, diff: string): Html {
  const state = pull.merged ? 'merged' : pull.draft && pull.state === 'open' ? 'draft' : pull.state
  return html`<p class="quiet"><a href="/${repository.full_name}">${repository.full_name}</a></p>
    <h1>${pull.title} <span class="quiet">#${pull.number}</span></h1>
    <p>
      <span class="state ${pull.merged ? 'completed' : ''}">${state}</span>
      <span class="quiet">${pull.author} wants <code>${pull.head}</code> in <code>${pull.base}</code></span>
    </p>
    <div class="box"><pre>${pull.body}</pre></div>
    ${diffBox(diff)}`
}
