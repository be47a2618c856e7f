import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { react, reactionContents } from '../comments/react.ts'
import type { ForgeContext } from '../context.ts'
import { presentReaction } from '../present/comment.ts'
import { readBody, readInput } from './body.ts'
import { requireComment } from './comments.ts'
import { requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const content = z.enum(reactionContents)
const NewReaction = z.object({ content })
const ReactionQuery = z.object({ content: content.optional() })

const list = '/repos/:owner/:repo/issues/comments/:id/reactions'

const permissions = ['issues', 'pull_requests'] as const
const read = { permissions, level: 'read' } as const
/** Who may read a repository may react, as on GitHub. */
const write = { permissions, level: 'write', role: 'read' } as const

/** Reactions to comments of pull requests. */
export function reactionRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(list, async (request, reply) => {
    const found = requireRepository(context, request, read)
    const wanted = readInput(ReactionQuery, request.query, 'Reaction').content
    const { reactions = [] } = requireComment(context, request, found)
    const asked = reactions.filter((one) => wanted === undefined || one.content === wanted)
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, asked).map((one) =>
      presentReaction(context, one, urls),
    )
  })

  app.post(list, async (request, reply) => {
    const found = requireRepository(context, request, write)
    const comment = requireComment(context, request, found)
    const { content } = readBody(NewReaction, request.body, 'Reaction')
    const userId = requireCaller(request).user.id
    const { reaction, isNew } = await react(context, found.repository, comment, { userId, content })
    const body = presentReaction(context, reaction, urlsOf(context, app.prefix))
    // One that was there already is 200.
    return await reply.code(isNew ? 201 : 200).send(body)
  })

  app.delete<{ Params: { reaction_id: string } }>(
    `${list}/:reaction_id`,
    async (request, reply) => {
      const found = requireRepository(context, request, write)
      const comment = requireComment(context, request, found)
      const userId = requireCaller(request).user.id
      const { reactions = [] } = comment
      const asked = reactions.find(({ id }) => String(id) === request.params.reaction_id)
      if (asked === undefined) throw new ErrandError('not_found')
      if (asked.user_id !== userId) throw new ErrandError('forbidden')
      await context.records.of(found.repository).comments.update(String(comment.id), (item) => ({
        ...item,
        reactions: (item.reactions ?? []).filter(({ id }) => id !== asked.id),
      }))
      return await reply.code(204).send()
    },
  )
}
