import { ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { writeComment } from '../comments/write-comment.ts'
import type { ForgeContext } from '../context.ts'
import { presentComment } from '../present/comment.ts'
import { requirePull } from '../pulls/refresh-pulls.ts'
import type { Comment } from '../records/records.ts'
import { readBody, readInput, text } from './body.ts'
import { numberOf } from './pulls.ts'
import { type Found, requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const CommentBody = z.object({ body: text.min(1).max(65_536) })
const CommentQuery = z.object({ since: z.iso.datetime({ offset: true }).optional() })

const list = '/repos/:owner/:repo/issues/:number/comments'
const one = '/repos/:owner/:repo/issues/comments/:id'

const permissions = ['issues', 'pull_requests'] as const
const read = { permissions, level: 'read' } as const
/** Who may read a repository may comment, as on GitHub; the token must be allowed to write. */
const write = { permissions, level: 'write', role: 'read' } as const

/** Comments of pull requests. Issues without one are not hosted here. */
export function commentRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(list, async (request, reply) => {
    const { repository, name } = requireRepository(context, request, read)
    const { since } = readInput(CommentQuery, request.query, 'IssueComment')
    const pull = await requirePull(context, repository, numberOf(request))
    const found = context.records
      .of(repository)
      .comments.values()
      .filter((comment) => comment.issue_number === pull.number)
      .filter((item) => since === undefined || Date.parse(item.updated_at) >= Date.parse(since))
      .toSorted((a, b) => a.id - b.id)
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, found).map((comment) =>
      presentComment(context, repository, name, comment, urls),
    )
  })

  app.post(list, async (request, reply) => {
    const { repository, name } = requireRepository(context, request, write)
    const { body } = readBody(CommentBody, request.body, 'IssueComment')
    const pull = await requirePull(context, repository, numberOf(request))
    const comment = await writeComment(context, repository, pull.number, {
      user: requireCaller(request).user,
      body,
    })
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(presentComment(context, repository, name, comment, urls))
  })

  app.get(one, async (request) => {
    const found = requireRepository(context, request, read)
    const comment = requireComment(context, request, found)
    const urls = urlsOf(context, app.prefix)
    return presentComment(context, found.repository, found.name, comment, urls)
  })

  app.patch(one, async (request) => {
    const found = requireRepository(context, request, write)
    const comment = requireOwnComment(context, request, found)
    const { body } = readBody(CommentBody, request.body, 'IssueComment')
    const time = new Date().toISOString()
    const changed = await context.records
      .of(found.repository)
      .comments.update(String(comment.id), (item) => ({ ...item, body, updated_at: time }))
    const urls = urlsOf(context, app.prefix)
    return presentComment(context, found.repository, found.name, changed, urls)
  })

  app.delete(one, async (request, reply) => {
    const found = requireRepository(context, request, write)
    const comment = requireOwnComment(context, request, found)
    await context.records.of(found.repository).comments.delete(String(comment.id))
    return await reply.code(204).send()
  })
}

/** A comment of the repository, by the request's path. @throws ErrandError not_found */
export function requireComment(
  context: ForgeContext,
  request: FastifyRequest,
  { repository }: Found,
): Comment {
  const { id } = request.params as { id: string }
  const comment = context.records.of(repository).comments.get(id)
  if (comment === undefined) throw new ErrandError('not_found')
  return comment
}

/** A comment is changed by who wrote it, and by who may write to the repository. */
function requireOwnComment(context: ForgeContext, request: FastifyRequest, found: Found): Comment {
  const comment = requireComment(context, request, found)
  const isAuthor = comment.user_id === requireCaller(request).user.id
  const isWriter = found.role !== 'read' && found.role !== 'triage'
  if (!isAuthor && !isWriter) throw new ErrandError('forbidden')
  return comment
}
