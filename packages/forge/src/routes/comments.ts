import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext, Urls } from '../context.ts'
import { nodeId } from '../present/account.ts'
import { presentUser } from '../present/pull.ts'
import { requirePull } from '../pulls.ts'
import type { Comment } from '../records/records.ts'
import { readBody, requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const NewComment = z.object({ body: z.string().min(1).max(65_536) })

/** Comments of a pull request. Issues without one are not hosted here. */
export function commentRoutes(app: FastifyInstance, context: ForgeContext): void {
  const path = '/repos/:owner/:repo/issues/:number/comments'

  app.get<{ Params: { number: string } }>(path, async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'issues', 'read')
    const number = Number(request.params.number)
    await requirePull(context, repository, number)
    const { comments } = await context.records.of(repository)
    const found = comments
      .values()
      .filter((comment) => comment.issue_number === number)
      .sort((a, b) => a.id - b.id)
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, found).map((item) =>
      presentComment(context, name, item, urls),
    )
  })

  app.post<{ Params: { number: string } }>(path, async (request, reply) => {
    // Who may read a repository may comment, as on GitHub; the token needs the permission.
    const { repository, name } = requireRepository(context, request, 'issues', 'read')
    const caller = requireCaller(context, request, reply)
    if (repository.archived) throw new ErrandError('forbidden')
    const pull = await requirePull(context, repository, Number(request.params.number))
    const { body } = readBody(NewComment, request.body, 'IssueComment')
    const time = new Date().toISOString()
    const comment: Comment = {
      id: await context.records.nextId(),
      issue_number: pull.number,
      user_id: caller.user.id,
      body,
      created_at: time,
      updated_at: time,
    }
    const { comments } = await context.records.of(repository)
    await comments.put(String(comment.id), comment)
    return await reply
      .code(201)
      .send(presentComment(context, name, comment, urlsOf(context, app.prefix)))
  })
}

function presentComment(context: ForgeContext, name: string, comment: Comment, urls: Urls) {
  const issue = `${urls.api}/repos/${name}/issues/${comment.issue_number}`
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${urls.api}/repos/${name}/issues/comments/${comment.id}`,
    html_url: `${urls.web}/${name}/pull/${comment.issue_number}#issuecomment-${comment.id}`,
    issue_url: issue,
    user: presentUser(context, comment.user_id, urls),
    body: comment.body,
    created_at: comment.created_at,
    updated_at: comment.updated_at,
    author_association: 'COLLABORATOR',
  }
}
