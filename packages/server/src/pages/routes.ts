import type { DeviceLogin } from '@errand/contract'
import formbody from '@fastify/formbody'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { RepositoryMoved } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { devicePages } from './device-routes.ts'
import { sendErrorPage } from './error-page.ts'
import { repositoryPages } from './repository-pages.ts'
import { signInRoutes } from './sign-in-routes.ts'
import type { SignIns } from './sign-in.ts'
import { taskListRoutes } from './task-list-routes.ts'
import { taskRoutes } from './task-routes.ts'

/** The pages: they show what the API shows, to who may see it, and no more. */
export function pageRoutes(
  context: ServerContext,
  signIns: SignIns,
  deviceLogin?: DeviceLogin,
): FastifyPluginAsync {
  return async (app) => {
    // A form writes a byte in three.
    await app.register(formbody, { bodyLimit: 3 * context.settings.prompt_limit_bytes + 64 * 1024 })
    app.setErrorHandler((error, request, reply) => {
      if (error instanceof RepositoryMoved) return sendToNewName(error, request, reply)
      return sendErrorPage(reply, error, context, signIns.find(request))
    })
    signInRoutes(app, context, signIns)
    if (deviceLogin !== undefined) devicePages(app, context, signIns, deviceLogin)
    taskListRoutes(app, context, signIns)
    repositoryPages(app, context, signIns)
    taskRoutes(app, context, signIns)
  }
}

/** A page of a repository's former name: the same page under the new one. */
function sendToNewName(
  { repository }: RepositoryMoved,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return reply.redirect(request.url.replace(/^\/[^/]+\/[^/?]+/, `/${repository.full_name}`), 302)
}
