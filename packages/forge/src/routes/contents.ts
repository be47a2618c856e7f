import { ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { commitFile, requirePath } from '../contents/commit-file.ts'
import type { ForgeContext } from '../context.ts'
import { type NewCommit, readCommit } from '../git/commits.ts'
import { git } from '../git/git.ts'
import { listBranches, resolveCommit } from '../git/refs.ts'
import { submoduleUrl } from '../git/submodules.ts'
import { listEntries, linkMode, readEntry } from '../git/trees.ts'
import { emailOf } from '../identity/accounts.ts'
import { presentCommit } from '../present/commit.ts'
import { type At, presentEntry } from '../present/entry.ts'
import { notePush } from '../repositories/note-push.ts'
import { readBody, readInput, text } from './body.ts'
import { type Found, formOf, requireCaller, requireRepository, urlsOf } from './request.ts'

/** Names as git takes them into a commit. */
const Person = z.object({
  name: text.min(1).regex(/^[^<>\n]+$/, 'must not contain < > or a line break'),
  email: text.min(1).regex(/^[^<>\s]+$/, 'must be an address'),
  date: z.iso.datetime({ offset: true }).optional(),
})

const Change = z.object({
  message: text.min(1),
  sha: z.string().optional(),
  branch: z.string().optional(),
  author: Person.optional(),
  committer: Person.optional(),
})

const PutContents = Change.extend({ content: z.base64() })

/** A body for a file of the size GitHub takes, in base64. */
const bodyLimitBytes = 64 * 1024 * 1024

/** Largest file answered with its content in the JSON, and largest answered at all (GitHub's). */
const inlineLimitBytes = 1024 * 1024
const rawLimitBytes = 100 * 1024 * 1024

const path = '/repos/:owner/:repo/contents/*'
const read = { permissions: ['contents'], level: 'read' } as const
const write = { permissions: ['contents'], level: 'write' } as const

type Rest = { Params: { '*': string } }

/** Files and folders at a commit, and commits that put or remove one file. */
export function contentRoutes(app: FastifyInstance, context: ForgeContext): void {
  for (const url of ['/repos/:owner/:repo/contents', path]) {
    app.get(url, async (request, reply) => await sendContents(app, context, request, reply))
  }

  app.put<Rest>(path, { bodyLimit: bodyLimitBytes }, async (request, reply) => {
    const found = requireRepository(context, request, write)
    const { content, ...change } = readBody(PutContents, request.body, 'Contents')
    const file = { ...change, content: Buffer.from(content, 'base64') }
    const done = await commitOf(context, request, found, file)
    const answer = await presentDone(app, context, found, change.branch, done)
    return await reply.code(done.isNew ? 201 : 200).send(answer)
  })

  app.delete<Rest>(path, async (request) => {
    const found = requireRepository(context, request, write)
    // Clients may send it in the query: a body of a DELETE is not everywhere possible.
    const body = readBody(Change, request.body ?? request.query, 'Contents')
    const done = await commitOf(context, request, found, { ...body, content: undefined })
    return await presentDone(app, context, found, body.branch, done)
  })
}

async function sendContents(
  app: FastifyInstance,
  context: ForgeContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { repository, name, gitDir } = requireRepository(context, request, read)
  const query = readInput(z.object({ ref: z.string().optional() }), request.query, 'Contents')
  const ref = query.ref || repository.default_branch
  const commit = await resolveCommit(gitDir, ref)
  if (commit === undefined) throw await noCommit(gitDir, ref)
  const inside = requirePath((request.params as { '*'?: string })['*'] ?? '')
  const entry = await readEntry(gitDir, commit, inside)
  if (entry === undefined) throw new ErrandError('not_found')
  const at = { name, ref, urls: urlsOf(context, app.prefix) }
  const form = formOf(request)
  if (entry.type === 'tree') {
    const entries = await listEntries(gitDir, entry.sha, inside)
    const items = entries.map((item) => presentEntry(item, at))
    return form === 'object' ? { ...presentEntry(entry, at), entries: items } : items
  }
  if (entry.type === 'commit') {
    const own = `${at.urls.web}/${name}`
    const url = (await submoduleUrl(gitDir, commit, inside, own)) ?? own
    return presentEntry(entry, at, { submodule_git_url: url })
  }
  if (entry.size > rawLimitBytes) {
    throw new ErrandError('forbidden', { message: 'This file is larger than 100 MB; use git.' })
  }
  const isInline = form !== 'raw' && entry.size <= inlineLimitBytes
  const content =
    form === 'raw' || isInline
      ? await git(['cat-file', 'blob', entry.sha], { gitDir, limitBytes: rawLimitBytes })
      : Buffer.alloc(0)
  // A file may be a page: it must never be one of ours.
  if (form === 'raw') return reply.type('application/vnd.github.raw+json').send(content)
  if (entry.mode === linkMode) return presentEntry(entry, at, { target: content.toString('utf8') })
  const encoding = isInline ? 'base64' : 'none'
  return presentEntry(entry, at, { content: content.toString('base64'), encoding })
}

async function noCommit(gitDir: string, ref: string): Promise<ErrandError> {
  const isEmpty = (await listBranches(gitDir)).length === 0
  const message = isEmpty ? 'This repository is empty.' : `No commit found for the ref ${ref}`
  return new ErrandError('not_found', { message })
}

type Body = z.infer<typeof Change> & { content: Buffer | undefined }

async function commitOf(
  context: ForgeContext,
  request: FastifyRequest,
  { repository, gitDir }: Found,
  { author, committer, branch, ...body }: Body,
) {
  const { user } = requireCaller(request)
  const self = { name: user.login, email: emailOf(user) }
  const file = requirePath((request.params as { '*': string })['*'])
  const done = await context.inTurn(repository.id, () =>
    commitFile(gitDir, {
      ...body,
      path: file,
      branch: branch ?? repository.default_branch,
      // As on GitHub: whoever is named as the one only, is both.
      author: toPerson(author ?? committer ?? self),
      committer: toPerson(committer ?? author ?? self),
    }),
  )
  await notePush(context, repository.id, requireCaller(request).user.id)
  return done
}

function toPerson({ date, ...person }: z.infer<typeof Person>): NewCommit['author'] {
  return date === undefined ? person : { ...person, date }
}

async function presentDone(
  app: FastifyInstance,
  context: ForgeContext,
  { repository, name, gitDir }: Found,
  branch: string | undefined,
  done: Awaited<ReturnType<typeof commitFile>>,
) {
  const at: At = {
    name,
    ref: branch ?? repository.default_branch,
    urls: urlsOf(context, app.prefix),
  }
  const commit = await readCommit(gitDir, done.commit)
  const { commit: inner, ...shown } = presentCommit(context.records, name, commit, at.urls)
  return {
    content: done.entry === undefined ? null : presentEntry(done.entry, at),
    commit: {
      ...inner,
      sha: shown.sha,
      node_id: shown.node_id,
      html_url: shown.html_url,
      parents: shown.parents,
    },
  }
}
