import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { listCommits } from '../git/commits.ts'
import { changedFiles, patchSeries, unifiedDiff, withPatches } from '../git/diff.ts'
import { permissionIn } from '../identity/access.ts'
import { findAccount } from '../identity/accounts.ts'
import { presentCommit, presentFile } from '../present/commit.ts'
import { presentFullPull, presentPull, presentUser } from '../present/pull.ts'
import { mergePull, openPull, pullRange, requirePull, updatePull } from '../pulls.ts'
import {
  readBody,
  requireCaller,
  requireRepository,
  sendPage,
  textForm,
  urlsOf,
} from './request.ts'

const NewPull = z.object({
  title: z.string().min(1),
  head: z.string(),
  base: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
})

const ChangedPull = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
})

const Merge = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
})

const Reviewers = z.object({ reviewers: z.array(z.string()).default([]) })

const PullQuery = z.object({
  state: z.enum(['open', 'closed', 'all']).catch('open'),
  head: z.string().optional(),
  base: z.string().optional(),
  sort: z.enum(['created', 'updated']).catch('created'),
  direction: z.enum(['asc', 'desc']).catch('desc'),
})

const path = '/repos/:owner/:repo/pulls'
const one = `${path}/:number`

/** Pull requests: opened, changed, read, merged, reviewed. */
export function pullRoutes(app: FastifyInstance, context: ForgeContext): void {
  pullItself(app, context)
  pullContent(app, context)
  pullMerge(app, context)
  pullReviewers(app, context)
}

function pullItself(app: FastifyInstance, context: ForgeContext): void {
  app.get(path, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'read')
    const query = PullQuery.parse(request.query)
    const { pulls } = await context.records.of(repository)
    const head = query.head?.replace(/^[^:]*:/, '')
    const sign = query.direction === 'asc' ? 1 : -1
    const field = query.sort === 'updated' ? 'updated_at' : 'created_at'
    const found = pulls
      .values()
      .filter((pull) => query.state === 'all' || pull.state === query.state)
      .filter((pull) => head === undefined || pull.head === head)
      .filter((pull) => query.base === undefined || pull.base === query.base)
      .sort((a, b) => sign * (a[field].localeCompare(b[field]) || a.number - b.number))
    const urls = urlsOf(context, app.prefix)
    const page = sendPage(context, request, reply, found)
    return await Promise.all(page.map((pull) => presentPull(context, repository, pull, urls)))
  })

  app.post(path, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'write')
    const caller = requireCaller(context, request, reply)
    const body = readBody(NewPull, request.body, 'PullRequest')
    const pull = await openPull(context, repository, caller.user, {
      ...body,
      body: body.body ?? null,
    })
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(await presentFullPull(context, repository, pull, urls))
  })

  app.get(one, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'read')
    const pull = await requirePull(context, repository, numberOf(request.params))
    const form = textForm(request)
    if (form === 'diff' || form === 'patch') {
      const gitDir = context.records.gitFolder(repository.id)
      const range = await pullRange(context, repository, pull)
      if (range === undefined) throw new ErrandError('not_found')
      const { from, to } = range
      const text =
        form === 'diff' ? unifiedDiff(gitDir, from, to) : patchSeries(gitDir, `${from}..${to}`)
      return await reply.type('text/plain; charset=utf-8').send(await text)
    }
    return await presentFullPull(context, repository, pull, urlsOf(context, app.prefix))
  })

  app.patch(one, async (request) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'write')
    const { title, body, state, base } = readBody(ChangedPull, request.body, 'PullRequest')
    const pull = await updatePull(context, repository, numberOf(request.params), {
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { body: body ?? null }),
      ...(state === undefined ? {} : { state }),
      ...(base === undefined ? {} : { base }),
    })
    return await presentFullPull(context, repository, pull, urlsOf(context, app.prefix))
  })
}

function pullContent(app: FastifyInstance, context: ForgeContext): void {
  app.get(`${one}/commits`, async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'pull_requests', 'read')
    const range = await pullRange(
      context,
      repository,
      await requirePull(context, repository, numberOf(request.params)),
    )
    const gitDir = context.records.gitFolder(repository.id)
    const commits =
      range === undefined
        ? []
        : await listCommits(gitDir, `${range.from}..${range.to}`, { limit: 250 })
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, commits.reverse()).map((commit) =>
      presentCommit(name, commit, urls),
    )
  })

  app.get(`${one}/files`, async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'pull_requests', 'read')
    const range = await pullRange(
      context,
      repository,
      await requirePull(context, repository, numberOf(request.params)),
    )
    if (range === undefined) return []
    const gitDir = context.records.gitFolder(repository.id)
    const all = await changedFiles(gitDir, range.from, range.to)
    const files = await withPatches(
      gitDir,
      range.from,
      range.to,
      sendPage(context, request, reply, all),
    )
    const urls = urlsOf(context, app.prefix)
    return files.map((file) => presentFile(name, file, range.to, urls))
  })
}

function pullMerge(app: FastifyInstance, context: ForgeContext): void {
  app.get(`${one}/merge`, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'read')
    const pull = await requirePull(context, repository, numberOf(request.params))
    if (pull.merged_at === null) throw new ErrandError('not_found')
    return await reply.code(204).send()
  })

  app.put(`${one}/merge`, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'contents', 'write')
    const caller = requireCaller(context, request, reply)
    const by = context.records.accounts.get(String(caller.user.id))
    if (by === undefined) throw new ErrandError('not_found')
    const body = readBody(Merge, request.body, 'PullRequest')
    const merged = await mergePull(context, repository, numberOf(request.params), by, {
      method: body.merge_method,
      ...(body.commit_title === undefined ? {} : { title: body.commit_title }),
      ...(body.commit_message === undefined ? {} : { message: body.commit_message }),
      ...(body.sha === undefined ? {} : { sha: body.sha }),
    })
    return {
      sha: merged.merge_commit_sha,
      merged: true,
      message: 'Pull Request successfully merged',
    }
  })
}

function pullReviewers(app: FastifyInstance, context: ForgeContext): void {
  app.get(`${one}/requested_reviewers`, async (request) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'read')
    const pull = await requirePull(context, repository, numberOf(request.params))
    const urls = urlsOf(context, app.prefix)
    return {
      users: pull.requested_reviewers.map((id) => presentUser(context, id, urls)),
      teams: [],
    }
  })

  app.post(`${one}/requested_reviewers`, async (request, reply) => {
    const { repository } = requireRepository(context, request, 'pull_requests', 'write')
    const number = numberOf(request.params)
    const pull = await requirePull(context, repository, number)
    const asked = readBody(Reviewers, request.body, 'PullRequest').reviewers.map((login) => {
      const account = findAccount(context.records, login)
      const mayReview =
        account?.type === 'User' && account.id !== pull.user_id && mayRead(account.id)
      if (!mayReview) {
        throw invalidField(
          'reviewers',
          `reviewers: '${login}' cannot review this pull request`,
          'PullRequest',
        )
      }
      return account.id
    })
    function mayRead(id: number): boolean {
      const isOwner = repository.owner_id === id || repository.collaborators[id] !== undefined
      return isOwner || permissionIn(context.records, undefined, repository) !== undefined
    }
    const reviewers = [...new Set([...pull.requested_reviewers, ...asked])]
    const updated = await updatePull(context, repository, number, {
      requested_reviewers: reviewers,
    })
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(await presentPull(context, repository, updated, urls))
  })
}

function numberOf(params: unknown): number {
  const { number } = params as { number: string }
  if (!/^[1-9]\d{0,9}$/.test(number)) throw new ErrandError('not_found')
  return Number(number)
}
