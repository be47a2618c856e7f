import { ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { patchSeries, unifiedDiff } from '../git/diff.ts'
import { presentFullPull, presentPull } from '../present/pull.ts'
import { changePull } from '../pulls/change-pull.ts'
import { openPull } from '../pulls/open-pull.ts'
import { pullRange } from '../pulls/pull-range.ts'
import { refreshPulls, requirePull } from '../pulls/refresh-pulls.ts'
import type { Pull } from '../records/records.ts'
import { readBody, readInput, text } from './body.ts'
import {
  formOf,
  type Need,
  requireCaller,
  requireRepository,
  sendPage,
  sendText,
  urlsOf,
} from './request.ts'

/** GitHub's own limit of a body. */
const bodyLimit = 65_536

const NewPull = z.object({
  title: text.trim().min(1).max(1024),
  head: z.string(),
  base: z.string(),
  body: text.max(bodyLimit).nullish(),
  draft: z.boolean().default(false),
})

const ChangedPull = z.object({
  title: text.trim().min(1).max(1024).optional(),
  body: text.max(bodyLimit).nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
  // Beyond GitHub's REST, which leaves it to GraphQL: nothing else could end a draft here.
  draft: z.boolean().optional(),
})

const PullQuery = z.object({
  state: z.enum(['open', 'closed', 'all']).default('open'),
  head: z.string().optional(),
  base: z.string().optional(),
  sort: z.enum(['created', 'updated', 'popularity', 'long-running']).default('created'),
  direction: z.enum(['asc', 'desc']).optional(),
})

const list = '/repos/:owner/:repo/pulls'
const one = `${list}/:number`

export const readPulls = { permissions: ['pull_requests'], level: 'read' } as const
export const writePulls = { permissions: ['pull_requests'], level: 'write' } as const

/** Pull requests: opened, listed, read, changed. */
export function pullRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(list, async (request, reply) => {
    const { repository } = requireRepository(context, request, readPulls)
    const query = readInput(PullQuery, request.query, 'PullRequest')
    const all = await refreshPulls(context, repository)
    const found = sorted(
      all.filter((pull) => isWanted(pull, query)),
      query,
    )
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, found).map((pull) =>
      presentPull(context, repository, pull, urls),
    )
  })

  app.post(list, async (request, reply) => {
    const { repository } = requireRepository(context, request, writePulls)
    const { body = null, ...rest } = readBody(NewPull, request.body, 'PullRequest')
    const author = requireCaller(request).user
    const pull = await openPull(context, repository, author, { ...rest, body })
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(await presentFullPull(context, repository, pull, urls))
  })

  app.get(one, async (request, reply) => {
    const { repository, gitDir } = requireRepository(context, request, readPulls)
    const pull = await requirePull(context, repository, numberOf(request))
    const form = formOf(request)
    if (form === 'diff' || form === 'patch') {
      const range = await pullRange(gitDir, pull)
      if (range === undefined) throw new ErrandError('not_found')
      const { from, to } = range
      const body =
        form === 'diff' ? unifiedDiff(gitDir, from, to) : patchSeries(gitDir, `${from}..${to}`)
      return sendText(reply, form, await body)
    }
    return await presentFullPull(context, repository, pull, urlsOf(context, app.prefix))
  })

  app.patch(one, async (request) => {
    const { repository } = requireRepository(context, request, needOfChange(context, request))
    const body = readBody(ChangedPull, request.body, 'PullRequest')
    const pull = await changePull(
      context,
      repository,
      numberOf(request),
      requireCaller(request).user,
      {
        ...(body.title === undefined ? {} : { title: body.title }),
        ...(body.body === undefined ? {} : { body: body.body }),
        ...(body.state === undefined ? {} : { state: body.state }),
        ...(body.base === undefined ? {} : { base: body.base }),
        ...(body.draft === undefined ? {} : { draft: body.draft }),
      },
    )
    return await presentFullPull(context, repository, pull, urlsOf(context, app.prefix))
  })
}

/** Whoever opened it may change it, also without write access by now. */
function needOfChange(context: ForgeContext, request: FastifyRequest): Need {
  const { repository } = requireRepository(context, request, readPulls)
  const pull = context.records.of(repository).pulls.get(String(numberOf(request)))
  const isAuthor = pull !== undefined && pull.user_id === request.forgeCaller?.user.id
  return isAuthor ? { ...writePulls, role: 'read' } : writePulls
}

function isWanted(pull: Pull, query: z.infer<typeof PullQuery>): boolean {
  // `owner:branch`; there are no forks here.
  const head = query.head?.replace(/^[^:]*:/, '')
  return (
    (query.state === 'all' || pull.state === query.state) &&
    (head === undefined || head === '' || pull.head === head) &&
    (query.base === undefined || pull.base === query.base)
  )
}

function sorted(pulls: Pull[], query: z.infer<typeof PullQuery>): Pull[] {
  const field = query.sort === 'updated' ? 'updated_at' : 'created_at'
  const direction = query.direction ?? (query.sort === 'created' ? 'desc' : 'asc')
  const sign = direction === 'asc' ? 1 : -1
  return pulls.toSorted((a, b) => sign * (a[field].localeCompare(b[field]) || a.number - b.number))
}

/** The number in a path. @throws ErrandError not_found for what is none */
export function numberOf(request: FastifyRequest): number {
  const { number } = request.params as { number: string }
  if (!/^[1-9]\d{0,9}$/.test(number)) throw new ErrandError('not_found')
  return Number(number)
}
