import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'
import { isCreating, limitRequest } from '../conventions/limit-requests.ts'
import { integrationCallerOf } from '../conventions/rate-caller.ts'
import type { RateLimits } from '../conventions/rate-limit.ts'
import { portRoutes } from './port/routes.ts'
import { takeRawBodies } from './raw-body.ts'

/** Largest request taken from a portal or a hook, in bytes. Port sends at most as much. */
const bodyLimit = 1024 * 1024

/** Where tasks come from beside the API: signed requests, whose senders have no token. */
export function integrationRoutes(context: ServerContext, limits: RateLimits): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      const caller = integrationCallerOf(request)
      limitRequest(limits, caller, request, reply)
      if (isCreating(request)) await limits.takeCreated(caller)
    })
    takeRawBodies(app, bodyLimit)
    const { port, hooks } = context.settings.integrations
    if (port !== undefined) await app.register(portRoutes(context, port))
    if (hooks.length > 0) {
      // Templates take a while to load, and most servers have none.
      const { hookRoutes } = await import('./hooks/routes.ts')
      await app.register(hookRoutes(context, hooks))
    }
  }
}
