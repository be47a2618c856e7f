import cookie from '@fastify/cookie'
import { type DeviceLogin, ErrandError } from '@errand/contract'
import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { agentTaskRoutes } from './api.ts'
import { startEventLoop } from './automations/event-loop.ts'
import { type Scheduler, startScheduler } from './automations/scheduler.ts'
import type { ServerContext } from './context.ts'
import { createCampaignSending } from './campaigns/send-campaign.ts'
import { campaignLoops } from './campaigns/send-campaigns.ts'
import { apiConventions, beginAnswer } from './conventions/api-conventions.ts'
import { openRateLimits, shareRateLimits } from './conventions/limit-requests.ts'
import { watchPolicy } from './configuration/watch-policy.ts'
import { createRequestId } from './conventions/request-id.ts'
import { deviceRoutesElsewhere } from './device-login/elsewhere.ts'
import { deviceRoutes } from './device-login/routes.ts'
import { presentError } from './errors.ts'
import { passThrough } from './forge/pass-through.ts'
import { gitHubRoutes } from './integrations/github/routes.ts'
import { integrationRoutes } from './integrations/routes.ts'
import { type McpServerFactory, mcpRoutes } from './mcp/routes.ts'
import { documentRoutes } from './pages/documents.ts'
import { sendErrorPage, wantsPage } from './pages/error-page.ts'
import { pageRoutes } from './pages/routes.ts'
import { createSignIns } from './pages/sign-in.ts'
import { webhookLoops } from './webhooks/send-deliveries.ts'

export interface CreateServerOptions extends Omit<
  ServerContext,
  'secrets' | 'configurationFiles' | 'campaigns'
> {
  /** Default: there are none. */
  secrets?: ServerContext['secrets']
  /**
   * The REST routes of the embedded forge, mounted beside ours with the same conventions. Without them the
   * forge elsewhere is asked.
   */
  forgeRoutes?: FastifyPluginAsync
  /** Of a forge that makes tokens. Without one devices are not signed in here. */
  deviceLogin?: DeviceLogin
  /** Makes the MCP server of `/mcp`. Without one there is none. */
  createMcpServer?: McpServerFactory
  /** git smart HTTP of the embedded forge. */
  gitRoutes?: FastifyPluginAsync
  /** Told of each route that is mounted, as it is: with `:name` for parameters. */
  onRoute?: (route: MountedRoute) => void
}

export interface MountedRoute {
  method: string
  url: string
}

/**
 * The HTTP server, not yet listening. The API is served at `/`, as api.github.com does, and at
 * `/api/v3`, as GitHub Enterprise Server does; pages and git lie beside it (behaviour.md 2.4).
 */
export function createServer(options: CreateServerOptions): FastifyInstance {
  const context: ServerContext = {
    secrets: () => undefined,
    configurationFiles: new Map(),
    ...options,
    campaigns: createCampaignSending(),
  }
  const limits = openRateLimits(context)
  const signIns = createSignIns()
  const app = Fastify({
    genReqId: createRequestId,
    trustProxy: context.settings.trusted_proxies,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 1000 },
    // A stream that follows a task must not keep a stopping server from closing.
    forceCloseConnections: true,
    // A path that cannot be decoded comes here before any hook: it is nobody's path.
    frameworkErrors(_error, request, reply) {
      beginEveryAnswer(request, reply)
      return sendError(new ErrandError('not_found'), request, reply)
    },
  })

  function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const answer = presentError(error, context.log, request.id)
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  }

  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) options.onRoute?.({ method: one, url })
  })
  app.addHook('onRequest', async (request, reply) => beginEveryAnswer(request, reply))
  app.addHook('onResponse', async (request, reply) => {
    // The route, not the path: a query may hold what is nobody's business.
    const { method, url: route } = request.routeOptions
    const fields = { requestId: request.id, method, route, status: reply.statusCode }
    context.log.debug({ ...fields, durationMs: Math.round(reply.elapsedTime) }, 'answered')
  })
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request, reply) => {
    if (wantsPage(request)) return sendErrorPage(reply, new ErrandError('not_found'), context)
    beginAnswer(context, limits, request, reply)
    throw new ErrandError('not_found')
  })

  void app.register(cookie)
  for (const prefix of ['', '/api/v3']) {
    void app.register(
      async (api) => {
        apiConventions(api, context, limits)
        await api.register(agentTaskRoutes(context, prefix))
        await api.register(options.forgeRoutes ?? passThrough(context))
      },
      { prefix },
    )
  }
  void app.register(shareRateLimits(context, limits))
  void app.register(integrationRoutes(context, limits))
  void app.register(gitHubRoutes(context, limits))
  void app.register(campaignLoops(context))
  void app.register(webhookLoops(context))
  void app.register(watchPolicy(context))
  if (context.settings.automations.is_automations_enabled) void app.register(scheduling(context))
  if (options.createMcpServer !== undefined) {
    void app.register(mcpRoutes(context, limits, options.createMcpServer))
  }
  void app.register(documentRoutes(context))
  if (options.deviceLogin !== undefined) {
    void app.register(deviceRoutes(context, options.deviceLogin))
  } else if (context.settings.forge !== 'embedded') {
    void app.register(deviceRoutesElsewhere(context))
  }
  void app.register(pageRoutes(context, signIns, options.deviceLogin))
  if (options.gitRoutes !== undefined) void app.register(options.gitRoutes)
  return app
}

/** From when the server is ready until it closes. */
function scheduling(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    let scheduler: Scheduler | undefined
    let events: { close(): Promise<void> } | undefined
    app.addHook('onListen', async () => {
      scheduler = startScheduler(context)
      events = startEventLoop(context)
    })
    app.addHook('onClose', async () => {
      await scheduler?.close()
      await events?.close()
    })
  }
}

function beginEveryAnswer(request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ 'x-github-request-id': request.id, 'x-content-type-options': 'nosniff' })
}
