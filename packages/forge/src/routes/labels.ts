import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { presentLabel } from '../present/pull.ts'
import { changePull } from '../pulls/change-pull.ts'
import { isSameLabel, withLabels } from '../pulls/labels.ts'
import { requirePull } from '../pulls/refresh-pulls.ts'
import type { Pull } from '../records/records.ts'
import { readBody, text } from './body.ts'
import { numberOf } from './pulls.ts'
import { type Found, requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

/** GitHub's limit of a name. */
const labelName = text.trim().min(1).max(50)

const Labels = z.object({
  labels: z.array(z.union([labelName, z.object({ name: labelName })])).default([]),
})

const list = '/repos/:owner/:repo/issues/:number/labels'
const permissions = ['issues', 'pull_requests'] as const
const read = { permissions, level: 'read' } as const
const write = { permissions, level: 'write' } as const

/** Labels of pull requests. One that was not there before is made by being put on, as on GitHub. */
export function labelRoutes(app: FastifyInstance, context: ForgeContext): void {
  const present = ({ name }: Found, { labels }: Pull) =>
    labels.map((label) => presentLabel(label, name, urlsOf(context, app.prefix)))

  app.get(list, async (request, reply) => {
    const found = requireRepository(context, request, read)
    const pull = await requirePull(context, found.repository, numberOf(request))
    return sendPage(context, request, reply, present(found, pull))
  })

  app.post(list, async (request) => {
    const found = requireRepository(context, request, write)
    const added = namesOf(readBody(Labels, request.body, 'Label'))
    const pull = await changePull(
      context,
      found.repository,
      numberOf(request),
      requireCaller(request).user,
      (now) => ({
        labels: withLabels(now.labels, added),
      }),
    )
    return present(found, pull)
  })

  app.put(list, async (request) => {
    const found = requireRepository(context, request, write)
    const labels = withLabels([], namesOf(readBody(Labels, request.body, 'Label')))
    const pull = await changePull(
      context,
      found.repository,
      numberOf(request),
      requireCaller(request).user,
      { labels },
    )
    return present(found, pull)
  })

  app.delete(`${list}/:name`, async (request) => {
    const found = requireRepository(context, request, write)
    const { name } = request.params as { name: string }
    const pull = await changePull(
      context,
      found.repository,
      numberOf(request),
      requireCaller(request).user,
      ({ labels }) => {
        const left = labels.filter((label) => !isSameLabel(label, name))
        if (left.length === labels.length) throw new ErrandError('not_found')
        return { labels: left }
      },
    )
    return present(found, pull)
  })
}

function namesOf({ labels }: z.infer<typeof Labels>): string[] {
  return labels.map((label) => (typeof label === 'string' ? label : label.name))
}
