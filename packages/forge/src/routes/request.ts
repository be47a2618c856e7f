import { type Caller, ErrandError, type RepositoryPermission } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ForgeContext, Urls } from '../context.ts'
import { findRepository, fullName, permissionIn } from '../identity/access.ts'
import { requirePermission, type TokenNeed } from '../identity/permissions.ts'
import type { Repository } from '../records/records.ts'
import { readCaller, tokenHeaders } from './credentials.ts'
import { linkHeader, readPage } from './link-header.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks the forge; undefined for somebody without a token. */
    forgeCaller: Caller | undefined
  }
}

/** Sees to it that each request's caller is known before its route runs. */
export function authenticateRequests(app: FastifyInstance, context: ForgeContext): void {
  app.decorateRequest('forgeCaller', undefined)
  app.addHook('onRequest', async (request, reply) => {
    request.forgeCaller = readCaller(context, request.headers.authorization)
    if (request.forgeCaller !== undefined) void reply.headers(tokenHeaders(request.forgeCaller))
  })
}

/** @throws ErrandError 401 */
export function requireCaller(request: FastifyRequest): Caller {
  if (request.forgeCaller === undefined) throw new ErrandError('requires_authentication')
  return request.forgeCaller
}

/** The repository was asked for by a former name. */
export class Moved extends Error {
  readonly repository: Repository

  constructor(repository: Repository) {
    super(`the repository is called ${repository.name} now`)
    this.name = 'Moved'
    this.repository = repository
  }
}

/** What an operation needs of the token, and of its owner's role: by default the same. */
export interface Need extends TokenNeed {
  role?: 'read' | 'write' | 'admin'
}

export interface Found {
  repository: Repository
  /** Its `owner/name`, as it is written. */
  name: string
  gitDir: string
  role: RepositoryPermission
}

/**
 * The repository of a path, which the caller may see and use as asked.
 *
 * @throws ErrandError 404 for what they may not see, 401 or 403 for what they may not do; Moved for a
 *   former name.
 */
export function requireRepository(
  context: ForgeContext,
  request: FastifyRequest,
  need: Need,
): Found {
  // Every route that asks has them in its path.
  const { owner, repo } = request.params as { owner: string; repo: string }
  const name = { owner, repo: repo.replace(/\.git$/i, '') }
  const found = findAllowed(context, request.forgeCaller, name, need)
  if (found.renamed) throw new Moved(found.repository)
  return found
}

/** As `requireRepository`, for a caller and a name; a former name is as good. */
export function findAllowed(
  context: ForgeContext,
  caller: Caller | undefined,
  name: { owner: string; repo: string },
  need: Need,
): Found & { renamed: boolean } {
  const { records } = context
  const found = findRepository(records, name)
  const role = found && permissionIn(records, caller, found.repository)
  if (found === undefined || role === undefined) throw new ErrandError('not_found')
  const { repository, renamed } = found
  requireUse(repository, caller, role, need)
  const gitDir = records.gitFolder(repository.id)
  return { repository, name: fullName(records, repository), gitDir, role, renamed }
}

/** @throws ErrandError 401, 403 */
export function requireUse(
  repository: Repository,
  caller: Caller | undefined,
  role: RepositoryPermission,
  need: Need,
): void {
  if (caller === undefined && need.level === 'write') {
    throw new ErrandError('requires_authentication')
  }
  if (caller !== undefined) requirePermission(caller, need, repository.private)
  const wanted = need.role ?? need.level
  const isWriter = role === 'admin' || role === 'maintain' || role === 'write'
  if (wanted === 'admin' && role !== 'admin') {
    throw new ErrandError('forbidden', { message: 'Must have admin rights to Repository.' })
  }
  if (wanted === 'write' && !isWriter) {
    throw new ErrandError('forbidden', { message: 'Must have write access to Repository.' })
  }
  // An administrator may still take it out of the archive.
  if (need.level === 'write' && repository.archived && wanted !== 'admin') {
    throw new ErrandError('forbidden', { message: 'Repository was archived so is read-only.' })
  }
}

export function urlsOf(context: ForgeContext, prefix: string): Urls {
  const web = context.publicUrl()
  return { api: `${web}${prefix}`, web }
}

/** A page of a list that is there as a whole, with GitHub's `Link` header on the answer. */
export function sendPage<T>(
  context: ForgeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  items: T[],
): T[] {
  const { skip, perPage } = readPage(request.query)
  sendLinks(context, request, reply, items.length)
  return items.slice(skip, skip + perPage)
}

/** Only the `Link` header, for a list whose page was read by itself. */
export function sendLinks(
  context: ForgeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  total: number,
): void {
  const { page, perPage } = readPage(request.query)
  const url = new URL(request.raw.url ?? '/', `${context.publicUrl()}/`)
  const link = linkHeader(url, { page, perPage, total })
  if (link !== undefined) void reply.header('link', link)
}

/** Which other form is asked for by `Accept`, if any. */
export function formOf(request: FastifyRequest): 'diff' | 'patch' | 'raw' | 'object' | undefined {
  const accept = request.headers.accept ?? ''
  const [, form] = /application\/vnd\.github(?:\.v3)?\.(diff|patch|raw|object)\b/.exec(accept) ?? []
  // The expression names no other.
  return form as 'diff' | 'patch' | 'raw' | 'object' | undefined
}

/** A diff or patch, as bytes: files in it may be written in any encoding. */
export function sendText(reply: FastifyReply, form: 'diff' | 'patch', body: Buffer): FastifyReply {
  return reply.type(`application/vnd.github.${form}; charset=utf-8`).send(body)
}
