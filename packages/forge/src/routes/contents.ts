import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext, Urls } from '../context.ts'
import { commitTree, readCommit, updateBranch } from '../git/commits.ts'
import { git, gitMaybe, gitText } from '../git/git.ts'
import { resolveBranch, resolveCommit } from '../git/refs.ts'
import { presentCommit } from '../present/commit.ts'
import { readBody, requireCaller, requireRepository, textForm, urlsOf } from './request.ts'

const PutContents = z.object({
  message: z.string().min(1),
  content: z.base64(),
  sha: z.string().optional(),
  branch: z.string().optional(),
})

/** Largest file answered, in bytes. */
const fileLimitBytes = 100 * 1024 * 1024

/** Files and folders at a commit, and commits that put one file. */
export function contentRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<{ Params: { '*': string }; Querystring: { ref?: string } }>(
    '/repos/:owner/:repo/contents/*',
    async (request, reply) => {
      const { repository, name } = requireRepository(context, request, 'contents', 'read')
      const gitDir = context.records.gitFolder(repository.id)
      const ref = request.query.ref ?? repository.default_branch
      const commit = await resolveCommit(gitDir, ref)
      const path = readPath(request.params['*'])
      const entry = commit === undefined ? undefined : await readEntry(gitDir, commit, path)
      if (entry === undefined) throw new ErrandError('not_found')
      const at = { name, ref, urls: urlsOf(context, app.prefix) }
      if (entry.type === 'tree') {
        return (await listEntries(gitDir, entry.sha, path)).map((item) => presentEntry(item, at))
      }
      const content = await git(['cat-file', 'blob', entry.sha], {
        gitDir,
        limitBytes: fileLimitBytes,
      })
      if (textForm(request) === 'raw') {
        return await reply
          .type('application/vnd.github.raw; charset=utf-8')
          .send(content.toString('utf8'))
      }
      return { ...presentEntry(entry, at), content: content.toString('base64'), encoding: 'base64' }
    },
  )

  app.put<{ Params: { '*': string } }>('/repos/:owner/:repo/contents/*', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'write')
    const caller = requireCaller(context, request, reply)
    const body = readBody(PutContents, request.body, 'Contents')
    const gitDir = context.records.gitFolder(repository.id)
    const path = readPath(request.params['*'])
    const branch = body.branch ?? repository.default_branch
    const { login, id } = caller.user
    const put = await context.inTurn(repository.id, () =>
      putFile(gitDir, branch, path, body, {
        name: login,
        email: `${id}+${login}@users.noreply.localhost`,
      }),
    )
    const at = { name, ref: branch, urls: urlsOf(context, app.prefix) }
    const commit = presentCommit(name, await readCommit(gitDir, put.commit), at.urls)
    return await reply.code(put.isNew ? 201 : 200).send({
      content: presentEntry(put.entry, at),
      commit: { ...commit, ...commit.commit, sha: put.commit },
    })
  })
}

interface Entry {
  path: string
  type: string
  mode: string
  sha: string
  size: number
}

/** A path inside a tree: git itself has no `..`, but a name of a command's may not begin with one. */
function readPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..' || part.includes('\u0000'))) {
    throw new ErrandError('not_found')
  }
  return parts.join('/')
}

async function readEntry(gitDir: string, commit: string, path: string): Promise<Entry | undefined> {
  if (path === '') {
    const sha = await gitText(['rev-parse', `${commit}^{tree}`], { gitDir })
    return { path, type: 'tree', mode: '040000', sha, size: 0 }
  }
  const output = await gitMaybe(
    ['ls-tree', '-l', '-z', '--full-tree', commit, '--', `:(literal)${path}`],
    { gitDir },
  )
  return parseEntries(output ?? '').find((entry) => entry.path === path)
}

async function listEntries(gitDir: string, tree: string, path: string): Promise<Entry[]> {
  const output = await gitText(['ls-tree', '-l', '-z', tree], { gitDir })
  const prefix = path === '' ? '' : `${path}/`
  return parseEntries(output).map((entry) => ({ ...entry, path: `${prefix}${entry.path}` }))
}

function parseEntries(output: string): Entry[] {
  return output
    .split('\u0000')
    .filter((line) => line !== '')
    .map((line) => {
      const [info = '', path = ''] = line.split('\t')
      const [mode = '', type = '', sha = '', size = ''] = info.split(/ +/)
      return { path, mode, type, sha, size: Number(size) || 0 }
    })
}

function presentEntry(entry: Entry, at: { name: string; ref: string; urls: Urls }) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const { name, ref, urls } = at
  const url = `${urls.api}/repos/${name}/contents/${path}?ref=${encodeURIComponent(ref)}`
  const isFolder = entry.type === 'tree'
  const gitUrl = `${urls.api}/repos/${name}/git/${isFolder ? 'trees' : 'blobs'}/${entry.sha}`
  const html = `${urls.web}/${name}/${isFolder ? 'tree' : 'blob'}/${ref}/${path}`
  return {
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    type: isFolder ? 'dir' : entry.type === 'commit' ? 'submodule' : 'file',
    url,
    html_url: html,
    git_url: gitUrl,
    download_url: isFolder ? null : `${urls.web}/${name}/raw/${ref}/${path}`,
    _links: { self: url, git: gitUrl, html },
  }
}

async function putFile(
  gitDir: string,
  branch: string,
  path: string,
  body: z.infer<typeof PutContents>,
  author: { name: string; email: string },
): Promise<{ commit: string; entry: Entry; isNew: boolean }> {
  if (path === '' || path.split('/').some((part) => part.toLowerCase() === '.git')) {
    throw invalidField('path', 'path is not a file name git takes', 'Contents')
  }
  const parent = await resolveBranch(gitDir, branch)
  if (parent === undefined)
    throw new ErrandError('not_found', { message: `Branch ${branch} not found` })
  const before = await readEntry(gitDir, parent, path)
  if (before !== undefined && before.sha !== body.sha) {
    throw new ErrandError(body.sha === undefined ? 'validation_failed' : 'conflict', {
      message:
        body.sha === undefined
          ? 'Invalid request.\n\n"sha" wasn\'t supplied.'
          : `${path} does not match ${body.sha}`,
    })
  }
  const content = Buffer.from(body.content, 'base64')
  const sha = await gitText(['hash-object', '-w', '--stdin'], { gitDir, input: content })
  const tree = await treeWith(gitDir, parent, path, sha)
  const commit = await commitTree(gitDir, {
    tree,
    parents: [parent],
    message: body.message,
    author,
  })
  await updateBranch(gitDir, branch, commit, parent)
  const entry = { path, type: 'blob', mode: '100644', sha, size: content.length }
  return { commit, entry, isNew: before === undefined }
}

/** The tree of a commit with one file put into it, folder by folder from the inside out. */
async function treeWith(
  gitDir: string,
  commit: string,
  path: string,
  blob: string,
): Promise<string> {
  const parts = path.split('/')
  let child = { mode: '100644', type: 'blob', sha: blob }
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    const folder = parts.slice(0, depth).join('/')
    const entry = await readEntry(gitDir, commit, folder)
    const siblings = entry?.type === 'tree' ? await listEntries(gitDir, entry.sha, '') : []
    const name = parts[depth] ?? ''
    const lines = siblings
      .filter((item) => item.path !== name)
      .concat([{ ...child, path: name, size: 0 }])
      .map((item) => `${item.mode} ${item.type} ${item.sha}\t${item.path}`)
    const sha = await gitText(['mktree', '-z'], { gitDir, input: lines.join('\u0000') + '\u0000' })
    child = { mode: '040000', type: 'tree', sha }
  }
  return child.sha
}
