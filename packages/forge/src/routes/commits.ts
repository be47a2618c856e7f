import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { changedFiles, withPatches } from '../git/changed-files.ts'
import { type CommitFilter, countCommits, listCommits, readCommit } from '../git/commits.ts'
import { commitPatch, emptyTree, unifiedDiff } from '../git/diff.ts'
import { listBranches, resolveCommit } from '../git/refs.ts'
import { emailOf, findAccount } from '../identity/accounts.ts'
import { countLines, presentCommit, presentFile } from '../present/commit.ts'
import { readInput, text } from './body.ts'
import { readPage } from './link-header.ts'
import { formOf, requireRepository, sendLinks, sendPage, sendText, urlsOf } from './request.ts'

const CommitQuery = z.object({
  sha: text.optional(),
  path: text.optional(),
  author: text.max(200).optional(),
  committer: text.max(200).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
})

const read = { permissions: ['contents'], level: 'read' } as const

/** Commits, computed from git. */
export function commitRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get('/repos/:owner/:repo/commits', async (request, reply) => {
    const { repository, name, gitDir } = requireRepository(context, request, read)
    const query = readInput(CommitQuery, request.query, 'Commit')
    const from = await resolveCommit(gitDir, query.sha || repository.default_branch)
    if (from === undefined) {
      const isEmpty = (await listBranches(gitDir)).length === 0
      throw new ErrandError(isEmpty ? 'empty_repository' : 'not_found')
    }
    const filter = filterOf(context, query)
    const { skip, perPage } = readPage(request.query)
    const commits = await listCommits(gitDir, from, { ...filter, skip, limit: perPage })
    sendLinks(context, request, reply, await countCommits(gitDir, from, filter))
    const urls = urlsOf(context, app.prefix)
    return commits.map((commit) => presentCommit(context.records, name, commit, urls))
  })

  app.get<{ Params: { '*': string } }>('/repos/:owner/:repo/commits/*', async (request, reply) => {
    const { name, gitDir } = requireRepository(context, request, read)
    const ref = request.params['*']
    const sha = await resolveCommit(gitDir, ref)
    if (sha === undefined) {
      throw new ErrandError('validation_failed', { message: `No commit found for SHA: ${ref}` })
    }
    const commit = await readCommit(gitDir, sha)
    // Of a merge, what it brought to its first parent.
    const parent = commit.parents[0] ?? emptyTree
    const form = formOf(request)
    if (form === 'diff') return sendText(reply, form, await unifiedDiff(gitDir, parent, sha))
    if (form === 'patch') return sendText(reply, form, await commitPatch(gitDir, sha))
    const urls = urlsOf(context, app.prefix)
    const all = await changedFiles(gitDir, parent, sha)
    const files = await withPatches(gitDir, parent, sha, sendPage(context, request, reply, all))
    return {
      ...presentCommit(context.records, name, commit, urls),
      stats: countLines(all),
      files: files.map((file) => presentFile(name, file, sha, urls)),
    }
  })
}

function filterOf(context: ForgeContext, query: z.infer<typeof CommitQuery>): CommitFilter {
  const { path, author, committer, since, until } = query
  return {
    ...(path === undefined || path === '' ? {} : { path }),
    ...(author === undefined ? {} : { author: nameOrAddress(context, author) }),
    ...(committer === undefined ? {} : { committer: nameOrAddress(context, committer) }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
}

/** A login stands for the address in commits made here in its name. */
function nameOrAddress(context: ForgeContext, author: string): string {
  const account = findAccount(context.records, author)
  return account === undefined ? author : emailOf(account)
}
