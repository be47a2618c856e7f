import { ErrandError } from '@errand/contract'
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readToken } from '../auth/credentials.ts'
import type { ServerContext } from '../context.ts'
import type { SignIns } from '../pages/sign-in.ts'
import { apiVersions, selectApiVersion } from './api-version.ts'
import { etagOf, matchesEtag } from './etag.ts'
import { parseJsonBodies } from './json-body.ts'
import { rateHeaders, type RateLimits } from './rate-limit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The token behind a page's session cookie, where the request came with one. */
    sessionToken: string | undefined
  }
}

/** What every operation of the API has in common (behaviour.md 2.3, 2.4). */
export async function apiConventions(
  app: FastifyInstance,
  dependencies: { context: ServerContext; limits: RateLimits; signIns: SignIns },
): Promise<void> {
  const { limits, signIns } = dependencies
  parseJsonBodies(app)

  app.addHook('onRequest', async (request, reply) => {
    if (!request.headers['user-agent']) throw new ErrandError('user_agent_required')
    const version = selectApiVersion(request.headers['x-github-api-version'])
    void reply.header('x-github-api-version-selected', version)
    void reply.header('x-github-media-type', 'github.v3; format=json')
    request.sessionToken = signIns.tokenOfApiCall(request)
    const key = callerKey(request)
    void reply.headers(rateHeaders(limits.look(key, isAnonymous(request))))
    if (!isFree(request)) limits.require(key, isAnonymous(request))
    if (request.method === 'POST' && request.routeOptions.url?.endsWith('/tasks') === true) {
      limits.countCreated(key)
    }
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const isNotModified = answerNotModified(request, reply, payload)
    if (!isNotModified && !isFree(request)) {
      void reply.headers(rateHeaders(limits.count(callerKey(request), isAnonymous(request))))
    }
    return isNotModified ? null : payload
  })

  app.get('/versions', async () => apiVersions)
  app.get('/rate_limit', async (request) => {
    const { resource: _, ...rate } = limits.look(callerKey(request), isAnonymous(request))
    return { resources: { core: rate, search: rate }, rate }
  })
}

/** 304 for a GET whose content the client has; it does not count against the limit. */
function answerNotModified(
  request: FastifyRequest,
  reply: {
    statusCode: number
    header(name: string, value: string): unknown
    code(status: number): unknown
    hasHeader(name: string): boolean
  },
  payload: unknown,
): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead || reply.statusCode !== 200 || typeof payload !== 'string') return false
  const etag = etagOf(payload)
  if (!reply.hasHeader('etag')) reply.header('etag', etag)
  reply.header('cache-control', 'private, max-age=60, s-maxage=60')
  reply.header('vary', 'Accept, Authorization, Cookie')
  if (!matchesEtag(request.headers['if-none-match'], etag)) return false
  reply.code(304)
  return true
}

function isFree(request: FastifyRequest): boolean {
  return request.routeOptions.url?.endsWith('/rate_limit') === true
}

function isAnonymous(request: FastifyRequest): boolean {
  return tokenOf(request) === undefined
}

/** Stands for the caller in the limits: the token's hash, else the address. */
function callerKey(request: FastifyRequest): string {
  const token = tokenOf(request)
  return token === undefined ? request.ip : createHash('sha256').update(token).digest('base64')
}

function tokenOf(request: FastifyRequest): string | undefined {
  return readToken(request.headers.authorization) ?? request.sessionToken
}
