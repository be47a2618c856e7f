import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { readBody } from './body.ts'
import { requireRepository } from './request.ts'

/** GitHub's rules, in its words: https://docs.github.com/rest/repos/repos#replace-all-repository-topics */
const Topics = z.object({
  names: z
    .array(
      z
        .string()
        .toLowerCase()
        .regex(
          /^[a-z0-9][a-z0-9-]{0,49}$/,
          'Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens.',
        ),
    )
    .transform((names) => [...new Set(names)])
    .refine((names) => names.length <= 20, 'A repository cannot have more than 20 topics.'),
})

const path = '/repos/:owner/:repo/topics'
const read = { permissions: ['metadata'], level: 'read' } as const
const write = { permissions: ['administration'], level: 'write', role: 'admin' } as const

/** The topics of a repository, read and replaced as a whole. */
export function topicRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(path, async (request) => {
    const { repository } = requireRepository(context, request, read)
    return { names: repository.topics ?? [] }
  })

  app.put(path, async (request) => {
    const { repository } = requireRepository(context, request, write)
    // Whom `requireRepository` lets pass, to take it out of the archive.
    if (repository.archived) {
      throw new ErrandError('forbidden', { message: 'Repository was archived so is read-only.' })
    }
    const { names } = readBody(Topics, request.body, 'Repository')
    await context.records.repositories.update(String(repository.id), (item) => ({
      ...item,
      topics: names,
      updated_at: new Date().toISOString(),
    }))
    return { names }
  })
}
