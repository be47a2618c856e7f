import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { changedFiles, withPatches } from '../git/changed-files.ts'
import { listRange } from '../git/commits.ts'
import { presentCommit, presentFile } from '../present/commit.ts'
import { pullRange } from '../pulls/pull-range.ts'
import { requirePull } from '../pulls/refresh-pulls.ts'
import { readPage } from './link-header.ts'
import { numberOf, readPulls } from './pulls.ts'
import { requireRepository, sendLinks, sendPage, urlsOf } from './request.ts'

/** GitHub lists at most this many commits of a pull request. */
const commitLimit = 250

/** What a pull request brings: its commits and files. */
export function pullContentRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get('/repos/:owner/:repo/pulls/:number/commits', async (request, reply) => {
    const { repository, name, gitDir } = requireRepository(context, request, readPulls)
    const range = await pullRange(gitDir, await requirePull(context, repository, numberOf(request)))
    if (range === undefined) return []
    const { skip, perPage } = readPage(request.query)
    const { commits, total } = await listRange(gitDir, `${range.from}..${range.to}`, {
      skip,
      limit: Math.max(0, Math.min(perPage, commitLimit - skip)),
    })
    sendLinks(context, request, reply, Math.min(total, commitLimit))
    const urls = urlsOf(context, app.prefix)
    return commits.map((commit) => presentCommit(context.records, name, commit, urls))
  })

  app.get('/repos/:owner/:repo/pulls/:number/files', async (request, reply) => {
    const { repository, name, gitDir } = requireRepository(context, request, readPulls)
    const range = await pullRange(gitDir, await requirePull(context, repository, numberOf(request)))
    if (range === undefined) return []
    const { from, to } = range
    const page = sendPage(context, request, reply, await changedFiles(gitDir, from, to))
    const files = await withPatches(gitDir, from, to, page)
    const urls = urlsOf(context, app.prefix)
    return files.map((file) => presentFile(name, file, to, urls))
  })
}
