import { type Caller, ErrandError, type RepositoryAccess } from '@errand/contract'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { requireCaller, tellOfToken } from '../auth/caller.ts'
import type { ServerContext } from '../context.ts'
import { passedOperations } from './passed-operations.ts'
import { passedPath } from './passed-path.ts'
import { upstreamError } from './upstream-error.ts'

/** What a forge elsewhere is told of a request. Nothing else of it is: no cookie, no host, no way around. */
const passedOn = [
  'accept',
  'graphql-features',
  'if-modified-since',
  'if-none-match',
  'x-github-api-version',
] as const

/** What is told of its answer. What belongs to one connection, or to one host, is not. */
const passedBack = [
  'cache-control',
  'deprecation',
  'etag',
  'last-modified',
  'retry-after',
  'sunset',
  'vary',
  'x-accepted-github-permissions',
  'x-accepted-oauth-scopes',
  'x-github-media-type',
  'x-github-sso',
  'x-oauth-scopes',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-ratelimit-resource',
  'x-ratelimit-used',
] as const

/**
 * The part of GitHub's API beside tasks that clients need (behaviour.md 2.4, 7.3), answered by the forge
 * elsewhere to the caller's own token. Nothing where the forge is in this process.
 */
export function passThrough(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    if (context.forge.passOn === undefined) return
    for (const { method, path } of passedOperations) {
      app.route({ method, url: path, handler: (request, reply) => pass(request, reply, path) })
    }
    // Where a GitHub Enterprise Server has it: beside /api/v3.
    if (app.prefix === '') {
      app.post('/api/graphql', (request, reply) => pass(request, reply, '/graphql'))
    }

    async function pass(request: FastifyRequest, reply: FastifyReply, pattern: string) {
      const caller = await requireCaller(context, request)
      tellOfToken(reply, caller)
      const path = await allowedPath(context, caller, request, pattern)
      const { body, method } = request
      const answer = await context.forge.passOn?.(caller, {
        method,
        path: `${path}${queryOf(request)}`,
        headers: { ...headersFor(request), ...(body === undefined ? {} : json) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (answer === undefined) throw new ErrandError('not_found')
      return await send(context, app.prefix, answer, reply)
    }
  }
}

const json = { 'content-type': 'application/json; charset=utf-8' }

/**
 * The path to ask for. A workflow comes with no token of its own: what it is told is asked for with one of the
 * server's, so it may look at its own repository, if its actor may, and at nothing else.
 *
 * @throws ErrandError not_found, forbidden
 */
async function allowedPath(
  context: ServerContext,
  caller: Caller,
  request: FastifyRequest,
  pattern: string,
): Promise<string> {
  // The router gives each its text.
  const params = request.params as Record<string, string>
  if (caller.isOnBehalf !== true && caller.onlyRepositoryId === undefined) {
    return passedPath(pattern, params)
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (isRead && pattern === '/user') return `/user/${caller.user.id}`
  const repository = await repositoryOf(context, caller, params)
  if (repository === 'none' || !isRead) {
    throw new ErrandError('forbidden', {
      message: 'A workflow that logged in by OIDC may only look at its own repository',
    })
  }
  if (repository === undefined) throw new ErrandError('not_found')
  const [owner = '', repo = ''] = repository.full_name.split('/')
  const byName = pattern.replace('/repositories/:repository_id', '/repos/:owner/:repo')
  return passedPath(byName, { ...params, owner, repo })
}

async function repositoryOf(
  { forge }: ServerContext,
  caller: Caller,
  params: Record<string, string>,
): Promise<RepositoryAccess | undefined | 'none'> {
  const { owner, repo, repository_id: id } = params
  // What is no name or no id is refused before it is asked for.
  if (owner !== undefined && repo !== undefined) {
    passedPath('/:owner/:repo', params)
    return await forge.repository(caller, { owner, repo })
  }
  if (id === undefined) return 'none'
  passedPath('/:repository_id', params)
  return await forge.repositoryById(caller, Number(id))
}

function queryOf({ raw }: FastifyRequest): string {
  const { searchParams } = new URL(raw.url ?? '/', 'http://localhost')
  return searchParams.size === 0 ? '' : `?${searchParams.toString()}`
}

function headersFor({ headers }: FastifyRequest): Record<string, string> {
  const given = passedOn.map((name) => [name, headers[name]] as const)
  return Object.fromEntries(
    given.filter((one): one is [(typeof one)[0], string] => typeof one[1] === 'string'),
  )
}

async function send(
  { publicUrl, settings }: ServerContext,
  prefix: string,
  answer: Response,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { status, headers } = answer
  if (status >= 500) throw await upstreamError(answer, settings.forge)
  for (const name of passedBack) {
    const value = headers.get(name)
    if (value !== null) void reply.header(name, value)
  }
  const toOwn = urlRewriter(settings.forge, `${publicUrl()}${prefix}`)
  const link = headers.get('link')
  const location = headers.get('location')
  if (link !== null) {
    const own = link.replaceAll(/<([^<>]*)>/g, (_, url: string) => `<${toOwn(url)}>`)
    void reply.header('link', own)
  }
  if (location !== null) void reply.header('location', toOwn(location))
  void reply.code(status)
  if (answer.body === null) return reply.send()
  // Files of repositories are anybody's: nothing of them is to run on this server's own origin.
  const type = headers.get('content-type') ?? ''
  void reply.header('content-security-policy', "default-src 'none'; sandbox")
  void reply.type(isPlain.test(type) ? type : 'application/octet-stream')
  return reply.send(answer.body)
}

const isPlain = /^(application\/(json|vnd\.github\.[\w.+-]+)|text\/plain)\s*(;|$)/i

/** An address of the forge's API as one of this server's. Any other stays. */
function urlRewriter(apiUrl: string, ownUrl: string): (url: string) => string {
  const base = apiUrl.replace(/\/+$/, '')
  return (url) => (url.startsWith(`${base}/`) ? `${ownUrl}${url.slice(base.length)}` : url)
}
