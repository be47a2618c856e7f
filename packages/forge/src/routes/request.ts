import { type Caller, ErrandError } from '@errand/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ForgeContext, Urls } from '../context.ts'
import { findRepository, fullName, permissionIn } from '../identity/access.ts'
import { authenticate, type Permission, requirePermission } from '../identity/tokens.ts'
import type { Repository } from '../records/records.ts'

/** The repository was asked for by a former name. */
export class Moved extends Error {
  readonly location: string

  constructor(location: string) {
    super(`moved to ${location}`)
    this.name = 'Moved'
    this.location = location
  }
}

/** Who asks; undefined for somebody without a token. @throws ErrandError bad_credentials */
export function readCaller(context: ForgeContext, request: FastifyRequest): Caller | undefined {
  const secret = readSecret(request.headers.authorization)
  if (secret === undefined) return undefined
  const caller = authenticate(context.records, secret)
  if (caller === undefined) throw new ErrandError('bad_credentials')
  return caller
}

/** `Bearer X`, `token X`, or Basic with the token as password (behaviour.md 2.1). */
export function readSecret(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(authorization ?? '') ?? []
  if (/^(bearer|token)$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) return undefined
  const [user = '', ...password] = Buffer.from(value, 'base64').toString().split(':')
  return password.join(':') || user || undefined
}

/** @throws ErrandError 401 */
export function requireCaller(
  context: ForgeContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Caller {
  const caller = readCaller(context, request)
  if (caller === undefined) throw new ErrandError('requires_authentication')
  const { kind, scopes, expires_at: expiresAt } = caller.token
  if (kind === 'classic' || kind === 'oauth') void reply.header('x-oauth-scopes', scopes.join(', '))
  if (expiresAt !== undefined) {
    void reply.header('github-authentication-token-expiration', expiresAt)
  }
  return caller
}

/**
 * The repository of a path, which the caller may see and use as asked.
 *
 * @throws ErrandError 404 for what they may not see, 403 for what they may not do.
 */
export function requireRepository(
  context: ForgeContext,
  request: FastifyRequest,
  permission: Permission,
  level: 'read' | 'write' | 'admin',
): { repository: Repository; caller: Caller | undefined; name: string } {
  const { owner, repo } = request.params as { owner: string; repo: string }
  const caller = readCaller(context, request)
  const found = findRepository(context.records, { owner, repo: repo.replace(/\.git$/, '') })
  const granted = found && permissionIn(context.records, caller, found.repository)
  if (found === undefined || granted === undefined) throw new ErrandError('not_found')
  const { repository } = found
  const name = fullName(context.records, repository)
  if (found.renamed) throw new Moved(`/repositories/${repository.id}`)
  if (caller === undefined && level !== 'read') throw new ErrandError('requires_authentication')
  if (caller !== undefined) {
    requirePermission(caller, permission, level === 'read' ? 'read' : 'write', repository.private)
  }
  const isAllowed =
    level === 'read' ||
    granted === 'admin' ||
    (level === 'write' && (granted === 'write' || granted === 'maintain'))
  if (!isAllowed) {
    throw new ErrandError('forbidden', { message: `You need ${level} access to ${name} for this` })
  }
  if (level === 'write' && repository.archived) {
    throw new ErrandError('forbidden', { message: 'Repository was archived so is read-only.' })
  }
  return { repository, caller, name }
}

export function urlsOf(context: ForgeContext, prefix: string): Urls {
  const web = context.publicUrl()
  return { api: `${web}${prefix}`, web }
}

/** A body by its schema. @throws ErrandError validation_failed that names each field. */
export function readBody<T extends z.ZodType>(
  schema: T,
  body: unknown,
  resource: string,
): z.infer<T> {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw new ErrandError('body_not_object')
  }
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  throw new ErrandError('validation_failed', {
    errors: parsed.error.issues.map((issue) => ({
      resource,
      field: issue.path.join('.'),
      code: 'custom',
      message: `${issue.path.join('.')}: ${issue.message}`,
    })),
  })
}

const Page = z.object({
  per_page: z.coerce.number().int().min(1).max(100).catch(30),
  page: z.coerce.number().int().min(1).catch(1),
})

/** A page of a list, with GitHub's `Link` header on the answer. */
export function sendPage<T>(
  context: ForgeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  items: T[],
): T[] {
  const { page, per_page: perPage } = Page.parse(request.query)
  const last = Math.max(1, Math.ceil(items.length / perPage))
  const link = (to: number, rel: string) => {
    const url = new URL(request.raw.url ?? '/', `${context.publicUrl()}/`)
    url.searchParams.set('page', String(to))
    return `<${url.href}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ]
  if (links.length > 0) void reply.header('link', links.join(', '))
  return items.slice((page - 1) * perPage, page * perPage)
}

/** Which text form of a comparison is asked for by `Accept`, if any. */
export function textForm(request: FastifyRequest): 'diff' | 'patch' | 'raw' | undefined {
  const accept = request.headers.accept ?? ''
  const [, form] = /application\/vnd\.github(?:\.v3)?\.(diff|patch|raw)\b/.exec(accept) ?? []
  return form as 'diff' | 'patch' | 'raw' | undefined
}
