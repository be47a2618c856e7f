import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { changedFiles, withPatches } from '../git/changed-files.ts'
import { countCommits, listRange, mergeBase, readCommit } from '../git/commits.ts'
import { patchSeries, unifiedDiff } from '../git/diff.ts'
import { resolveCommit } from '../git/refs.ts'
import { presentCommit, presentFile } from '../present/commit.ts'
import { inPath } from '../present/in-path.ts'
import { readPage } from './link-header.ts'
import { formOf, requireRepository, sendLinks, sendText, urlsOf } from './request.ts'

/** The most files of one comparison, all on its first page, as GitHub has it. */
const fileLimit = 300

/** Commits of a comparison whose pages nobody asked for. */
const commitLimit = 250

const read = { permissions: ['contents'], level: 'read' } as const

/** What one commit has that another has not: `compare/{base}...{head}`. */
export function compareRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<{ Params: { '*': string }; Querystring: { page?: string; per_page?: string } }>(
    '/repos/:owner/:repo/compare/*',
    async (request, reply) => {
      const { name, gitDir } = requireRepository(context, request, read)
      const [baseName = '', headName = '', ...more] = request.params['*'].split('...')
      const base = await resolveCommit(gitDir, withoutOwner(baseName))
      const head = await resolveCommit(gitDir, withoutOwner(headName))
      if (base === undefined || head === undefined || more.length > 0) {
        throw new ErrandError('not_found')
      }
      const parted = await mergeBase(gitDir, base, head)
      if (parted === undefined) {
        throw new ErrandError('not_found', {
          message: `No common ancestor between ${baseName} and ${headName}.`,
        })
      }
      const form = formOf(request)
      if (form === 'diff') return sendText(reply, form, await unifiedDiff(gitDir, parted, head))
      if (form === 'patch') {
        return sendText(reply, form, await patchSeries(gitDir, `${base}..${head}`))
      }
      const { page, per_page: perPage } = request.query
      const isPaged = page !== undefined || perPage !== undefined
      const asked = isPaged ? readPage(request.query) : { page: 1, perPage: commitLimit, skip: 0 }
      const { commits, total } = await listRange(gitDir, `${base}..${head}`, {
        skip: asked.skip,
        limit: asked.perPage,
      })
      if (isPaged) sendLinks(context, request, reply, total)
      const behind = await countCommits(gitDir, `${head}..${base}`)
      const changed = asked.page === 1 ? await changedFiles(gitDir, parted, head) : []
      const files = await withPatches(gitDir, parted, head, changed.slice(0, fileLimit))
      const urls = urlsOf(context, app.prefix)
      const path = `compare/${inPath(baseName)}...${inPath(headName)}`
      const html = `${urls.web}/${name}/${path}`
      const present = async (sha: string) =>
        presentCommit(context.records, name, await readCommit(gitDir, sha), urls)
      return {
        url: `${urls.api}/repos/${name}/${path}`,
        html_url: html,
        permalink_url: `${urls.web}/${name}/compare/${base}...${head}`,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
        base_commit: await present(base),
        merge_base_commit: await present(parted),
        status: statusOf(total, behind),
        ahead_by: total,
        behind_by: behind,
        total_commits: total,
        commits: commits.map((commit) => presentCommit(context.records, name, commit, urls)),
        files: files.map((file) => presentFile(name, file, head, urls)),
      }
    },
  )
}

/** `owner:branch`: there are no forks here, so it is this repository's. */
function withoutOwner(name: string): string {
  return name.replace(/^[^:]*:/, '')
}

function statusOf(ahead: number, behind: number): 'identical' | 'ahead' | 'behind' | 'diverged' {
  if (ahead === 0) return behind === 0 ? 'identical' : 'behind'
  return behind === 0 ? 'ahead' : 'diverged'
}
