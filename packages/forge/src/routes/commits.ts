import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { countCommits, listCommits, mergeBase, readCommit } from '../git/commits.ts'
import { changedFiles, patchSeries, unifiedDiff, withPatches } from '../git/diff.ts'
import { resolveCommit } from '../git/refs.ts'
import { presentCommit, presentFile } from '../present/commit.ts'
import { requireRepository, sendPage, textForm, urlsOf } from './request.ts'

const CommitQuery = z.object({
  sha: z.string().optional(),
  path: z.string().optional(),
  author: z.string().max(200).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
})

/** The most commits listed, and files shown, of one comparison, as GitHub has it. */
const compareLimit = 250
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** Commits and comparisons, computed from git. */
export function commitRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get('/repos/:owner/:repo/commits', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const gitDir = context.records.gitFolder(repository.id)
    const query = CommitQuery.safeParse(request.query)
    if (!query.success) throw new ErrandError('validation_failed')
    const from = await resolveCommit(gitDir, query.data.sha ?? repository.default_branch)
    if (from === undefined) {
      throw new ErrandError(query.data.sha === undefined ? 'empty_repository' : 'not_found')
    }
    const { path, author, since, until } = query.data
    const commits = await listCommits(gitDir, from, {
      limit: 10_000,
      ...(path === undefined ? {} : { path }),
      ...(author === undefined ? {} : { author }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    })
    const urls = urlsOf(context, app.prefix)
    return sendPage(context, request, reply, commits).map((commit) =>
      presentCommit(name, commit, urls),
    )
  })

  app.get<{ Params: { '*': string } }>('/repos/:owner/:repo/commits/*', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const gitDir = context.records.gitFolder(repository.id)
    const sha = await resolveCommit(gitDir, request.params['*'])
    if (sha === undefined) throw new ErrandError('not_found')
    const commit = await readCommit(gitDir, sha)
    const parent = commit.parents[0] ?? emptyTree
    const form = textForm(request)
    if (form === 'diff') return await sendText(reply, await unifiedDiff(gitDir, parent, sha))
    if (form === 'patch')
      return await sendText(reply, await patchSeries(gitDir, `${parent}..${sha}`))
    const urls = urlsOf(context, app.prefix)
    const all = await changedFiles(gitDir, parent, sha)
    const files = await withPatches(gitDir, parent, sha, sendPage(context, request, reply, all))
    return {
      ...presentCommit(name, commit, urls),
      stats: totals(all),
      files: files.map((file) => presentFile(name, file, sha, urls)),
    }
  })

  app.get<{ Params: { '*': string } }>('/repos/:owner/:repo/compare/*', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const gitDir = context.records.gitFolder(repository.id)
    const [baseName = '', headName = ''] = request.params['*'].split('...')
    const base = await resolveCommit(gitDir, baseName.replace(/^[^:]*:/, ''))
    const head = await resolveCommit(gitDir, headName.replace(/^[^:]*:/, ''))
    if (base === undefined || head === undefined) throw new ErrandError('not_found')
    const parted = await mergeBase(gitDir, base, head)
    if (parted === undefined) {
      throw new ErrandError('not_found', {
        message: `No common ancestor between ${baseName} and ${headName}.`,
      })
    }
    const form = textForm(request)
    if (form === 'diff') return await sendText(reply, await unifiedDiff(gitDir, parted, head))
    if (form === 'patch')
      return await sendText(reply, await patchSeries(gitDir, `${base}..${head}`))
    const urls = urlsOf(context, app.prefix)
    const ahead = await countCommits(gitDir, `${base}..${head}`)
    const behind = await countCommits(gitDir, `${head}..${base}`)
    const commits = await listCommits(gitDir, `${base}..${head}`, { limit: compareLimit })
    const all = await changedFiles(gitDir, parted, head)
    const files = await withPatches(gitDir, parted, head, all.slice(0, compareLimit))
    const url = `${urls.api}/repos/${name}/compare/${baseName}...${headName}`
    const html = `${urls.web}/${name}/compare/${baseName}...${headName}`
    return {
      url,
      html_url: html,
      permalink_url: `${urls.web}/${name}/compare/${base}...${head}`,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: presentCommit(name, await readCommit(gitDir, base), urls),
      merge_base_commit: presentCommit(name, await readCommit(gitDir, parted), urls),
      status:
        ahead === 0 ? (behind === 0 ? 'identical' : 'behind') : behind === 0 ? 'ahead' : 'diverged',
      ahead_by: ahead,
      behind_by: behind,
      total_commits: ahead,
      // GitHub lists them oldest first.
      commits: commits.reverse().map((commit) => presentCommit(name, commit, urls)),
      files: files.map((file) => presentFile(name, file, head, urls)),
    }
  })
}

function totals(files: { additions: number; deletions: number }[]) {
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return { additions, deletions, total: additions + deletions }
}

async function sendText(
  reply: { type(value: string): { send(body: string): unknown } },
  text: string,
): Promise<unknown> {
  return await reply.type('text/plain; charset=utf-8').send(text)
}
