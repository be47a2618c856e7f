import cookie from '@fastify/cookie'
import { ErrandError } from '@errand/contract'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
} from 'fastify'
import { agentTaskRoutes } from './api.ts'
import type { ServerContext } from './context.ts'
import { apiConventions } from './conventions/api-conventions.ts'
import { createRateLimits } from './conventions/rate-limit.ts'
import { createRequestId } from './conventions/request-id.ts'
import { presentError } from './errors.ts'
import { documentRoutes } from './pages/documents.ts'
import { pageRoutes } from './pages/routes.ts'
import { createSignIns } from './pages/sign-in.ts'

export interface CreateServerOptions extends ServerContext {
  /** The REST routes of the embedded forge, mounted beside ours with the same conventions. */
  forgeRoutes?: FastifyPluginAsync
  /** git smart HTTP of the embedded forge. */
  gitRoutes?: FastifyPluginAsync
  /** Logs requests; default none. */
  requestLog?: FastifyBaseLogger
}

/**
 * The HTTP server, not yet listening. The API is served at `/`, as api.github.com does, and at
 * `/api/v3`, as GitHub Enterprise Server does; pages and git lie beside it (behaviour.md 2.4).
 */
export function createServer(options: CreateServerOptions): FastifyInstance {
  const context: ServerContext = options
  const app = Fastify({
    genReqId: createRequestId,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 1000 },
    // A stream that follows a task must not keep a stopping server from closing.
    forceCloseConnections: true,
    ...(options.requestLog === undefined ? {} : { loggerInstance: options.requestLog }),
  })
  const signIns = createSignIns()
  const limits = createRateLimits(context.settings.rate_limits)

  app.decorateRequest('sessionToken', undefined)
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-github-request-id', request.id).header('x-content-type-options', 'nosniff')
  })
  app.setErrorHandler((error, request, reply) => {
    const answer = presentError(error, context.log, request.id)
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  })
  app.setNotFoundHandler((request, reply) => {
    const answer = presentError(new ErrandError('not_found'), context.log, request.id)
    return reply.code(answer.status).send(answer.body)
  })

  void app.register(cookie)
  for (const prefix of ['', '/api/v3']) {
    void app.register(
      async (api) => {
        await apiConventions(api, { context, limits, signIns })
        await api.register(agentTaskRoutes(context, prefix))
        if (options.forgeRoutes !== undefined) await api.register(options.forgeRoutes)
      },
      { prefix },
    )
  }
  void app.register(documentRoutes(context))
  void app.register(pageRoutes(context, signIns))
  if (options.gitRoutes !== undefined) void app.register(options.gitRoutes)
  return app
}
