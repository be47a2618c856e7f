import { ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { apiVersions, selectApiVersion } from './api-version.ts'
import { answerNotModified } from './etag.ts'
import { bodyLimitOf, parseJsonBodies } from './json-body.ts'
import { isCreating, limitRequest, operationOf } from './limit-requests.ts'
import { rateCallerOf } from './rate-caller.ts'
import { rateHeaders, type RateLimits } from './rate-limit.ts'

/** What every operation of the API has in common (behaviour.md 2.3, 2.4). */
export function apiConventions(
  app: FastifyInstance,
  context: ServerContext,
  limits: RateLimits,
): void {
  const callerOf = (request: FastifyRequest) => rateCallerOf(request, context.forgeToken?.())
  parseJsonBodies(app, bodyLimitOf(context.settings))
  app.addHook('onRequest', async (request, reply) => {
    beginAnswer(context, limits, request, reply)
    if (isCreating(request)) await limits.takeCreated(callerOf(request))
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode === 401) limits.withhold(callerOf(request), operationOf(request))
    if (!answerNotModified(request, reply, payload)) {
      // A forge elsewhere has said so, with a count of its own.
      if (reply.statusCode === 304) limits.giveBack(callerOf(request))
      return payload
    }
    void reply.headers(rateHeaders(limits.giveBack(callerOf(request))))
    return null
  })

  app.get('/versions', async () => apiVersions)
  app.get('/rate_limit', async (request) => {
    const { resource: _, ...rate } = limits.look(callerOf(request))
    return { resources: { core: rate, search: rate }, rate }
  })
}

/**
 * The headers every answer carries, refusals included, and the refusals that come before anything is
 * looked at. Also called for paths that nothing answers, which belong to no part of the server.
 */
export function beginAnswer(
  context: ServerContext,
  limits: RateLimits,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.header('x-github-media-type', 'github.v3; format=json')
  const caller = rateCallerOf(request, context.forgeToken?.())
  const isFree = operationOf(request).path === '/rate_limit'
  if (isFree) void reply.headers(rateHeaders(limits.look(caller)))
  else limitRequest(limits, caller, request, reply)
  if (!request.headers['user-agent']) throw new ErrandError('user_agent_required')
  const version = selectApiVersion(request.headers['x-github-api-version'])
  void reply.header('x-github-api-version-selected', version)
}
