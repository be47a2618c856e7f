import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { mergePull } from '../pulls/merge-pull.ts'
import { requirePull } from '../pulls/refresh-pulls.ts'
import { notePush } from '../repositories/note-push.ts'
import { readBody, text } from './body.ts'
import { numberOf, readPulls } from './pulls.ts'
import { requireCaller, requireRepository } from './request.ts'

const MergePull = z.object({
  commit_title: text.optional(),
  commit_message: text.optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
})

const path = '/repos/:owner/:repo/pulls/:number/merge'

/** Whether a pull request was merged, and merging it. */
export function mergeRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(path, async (request, reply) => {
    const { repository } = requireRepository(context, request, readPulls)
    const pull = await requirePull(context, repository, numberOf(request))
    if (pull.merged_at === null) throw new ErrandError('not_found')
    return await reply.code(204).send()
  })

  app.put(path, async (request) => {
    const { repository } = requireRepository(context, request, {
      permissions: ['contents'],
      level: 'write',
    })
    const by = context.records.accounts.get(String(requireCaller(request).user.id))
    if (by === undefined) throw new ErrandError('not_found')
    const body = readBody(MergePull, request.body, 'PullRequest')
    const merged = await mergePull(context, repository, numberOf(request), by, {
      method: body.merge_method,
      ...(body.commit_title === undefined ? {} : { title: body.commit_title }),
      ...(body.commit_message === undefined ? {} : { message: body.commit_message }),
      ...(body.sha === undefined ? {} : { sha: body.sha }),
    })
    await notePush(context, repository.id, requireCaller(request).user.id)
    return {
      sha: merged.merge_commit_sha,
      merged: true,
      message: 'Pull Request successfully merged',
    }
  })
}
