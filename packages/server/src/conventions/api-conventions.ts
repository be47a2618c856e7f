import { ErrandError, type Settings } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { apiVersions, selectApiVersion } from './api-version.ts'
import { answerNotModified } from './etag.ts'
import { bodyLimitOf, parseJsonBodies } from './json-body.ts'
import { rateCallerOf, rateHeaders, type RateLimits } from './rate-limit.ts'

/** What every operation of the API has in common (behaviour.md 2.3, 2.4). */
export function apiConventions(app: FastifyInstance, settings: Settings, limits: RateLimits): void {
  parseJsonBodies(app, bodyLimitOf(settings))
  app.addHook('onRequest', async (request, reply) => beginAnswer(limits, request, reply))
  app.addHook('onSend', async (request, reply, payload) => {
    if (!answerNotModified(request, reply, payload)) return payload
    void reply.headers(rateHeaders(limits.giveBack(rateCallerOf(request))))
    return null
  })

  app.get('/versions', async () => apiVersions)
  app.get('/rate_limit', async (request) => {
    const { resource: _, ...rate } = limits.look(rateCallerOf(request))
    return { resources: { core: rate, search: rate }, rate }
  })
}

/**
 * The headers every answer carries, refusals included, and the refusals that come before anything is
 * looked at. Also called for paths that nothing answers, which belong to no part of the server.
 */
export function beginAnswer(
  limits: RateLimits,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.header('x-github-media-type', 'github.v3; format=json')
  const caller = rateCallerOf(request)
  const isFree = request.routeOptions.url?.endsWith('/rate_limit') === true
  void reply.headers(rateHeaders(isFree ? limits.look(caller) : limits.take(caller)))
  if (!request.headers['user-agent']) throw new ErrandError('user_agent_required')
  const version = selectApiVersion(request.headers['x-github-api-version'])
  void reply.header('x-github-api-version-selected', version)
  if (request.method === 'POST' && request.routeOptions.url?.endsWith(tasksPath) === true) {
    limits.takeCreated(caller)
  }
}

const tasksPath = '/agents/repos/:owner/:repo/tasks'
