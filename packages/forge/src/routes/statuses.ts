import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { resolveCommit } from '../git/refs.ts'
import { combineStates, presentShortStatus, presentStatus } from '../present/status.ts'
import { presentRepository } from '../present/repository.ts'
import type { Status } from '../records/records.ts'
import { readBody, text } from './body.ts'
import { type Found, requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const NewStatus = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  target_url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .nullish(),
  description: text.max(140).nullish(),
  context: text.trim().min(1).max(255).default('default'),
})

/** GitHub's limit of statuses of one commit and context. */
const mostStatuses = 1000

const read = { permissions: ['statuses'], level: 'read' } as const
const write = { permissions: ['statuses'], level: 'write' } as const
const readChecks = { permissions: ['checks'], level: 'read' } as const

/**
 * What other programs say of a commit. Check runs can only be made by a GitHub App, of which there is
 * none here: their list is always empty.
 */
export function statusRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.post('/repos/:owner/:repo/statuses/:ref', async (request, reply) => {
    const found = requireRepository(context, request, write)
    const body = readBody(NewStatus, request.body, 'Status')
    const sha = await requireCommit(request, found)
    const { statuses } = context.records.of(found.repository)
    const before = statuses.values().filter((one) => isOf(one, sha) && one.context === body.context)
    if (before.length >= mostStatuses) {
      const message = 'This SHA and context has reached the maximum number of statuses.'
      throw invalidField('context', message, 'Status')
    }
    const id = await context.records.nextId()
    const time = new Date().toISOString()
    const status = await statuses.put(String(id), {
      id,
      sha,
      state: body.state,
      context: body.context,
      description: body.description ?? null,
      target_url: body.target_url ?? null,
      creator_id: requireCaller(request).user.id,
      created_at: time,
      updated_at: time,
    })
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(presentStatus(context, found.name, status, urls))
  })

  app.get('/repos/:owner/:repo/commits/:ref/statuses', async (request, reply) => {
    const found = requireRepository(context, request, read)
    const all = statusesOf(context, found, await requireCommit(request, found))
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, all).map((status) =>
      presentStatus(context, found.name, status, urls),
    )
  })

  app.get('/repos/:owner/:repo/commits/:ref/status', async (request, reply) => {
    const found = requireRepository(context, request, read)
    const sha = await requireCommit(request, found)
    const latest = latestOf(statusesOf(context, found, sha))
    const urls = urlsOf(context, app.prefix)
    const commit = `${urls.api}/repos/${found.name}/commits/${sha}`
    return {
      state: combineStates(latest),
      statuses: sendPage(context, request, reply, latest).map((status) =>
        presentShortStatus(context, found.name, status, urls),
      ),
      sha,
      total_count: latest.length,
      repository: presentRepository(context.records, found.repository, urls),
      commit_url: commit,
      url: `${commit}/status`,
    }
  })

  app.get('/repos/:owner/:repo/commits/:ref/check-runs', async (request) => {
    const found = requireRepository(context, request, readChecks)
    await requireCommit(request, found)
    return { total_count: 0, check_runs: [] }
  })
}

async function requireCommit(request: FastifyRequest, { gitDir }: Found): Promise<string> {
  const { ref } = request.params as { ref: string }
  const sha = await resolveCommit(gitDir, ref)
  if (sha !== undefined) return sha
  throw new ErrandError('validation_failed', { message: `No commit found for SHA: ${ref}` })
}

/** The latest first. */
function statusesOf(context: ForgeContext, { repository }: Found, sha: string): Status[] {
  const all = context.records.of(repository).statuses.values()
  return all.filter((status) => isOf(status, sha)).toSorted((a, b) => b.id - a.id)
}

function isOf(status: Status, sha: string): boolean {
  return status.sha === sha
}

/** Only the last word of each context counts. */
function latestOf(statuses: readonly Status[]): Status[] {
  const seen = new Set<string>()
  return statuses.filter(({ context }) => {
    const isFirst = !seen.has(context)
    seen.add(context)
    return isFirst
  })
}
