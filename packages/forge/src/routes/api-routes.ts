import type { FastifyPluginAsync } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { commentRoutes } from './comments.ts'
import { commitRoutes } from './commits.ts'
import { contentRoutes } from './contents.ts'
import { pullRoutes } from './pulls.ts'
import { refRoutes } from './refs.ts'
import { repositoryRoutes } from './repositories.ts'
import { Moved, urlsOf } from './request.ts'
import { userRoutes } from './users.ts'

/** The REST subset, to be mounted where GitHub's conventions are kept. */
export function apiRoutes(context: ForgeContext): FastifyPluginAsync {
  return async (app) => {
    const inherited = app.errorHandler
    app.setErrorHandler((error, request, reply) => {
      if (!(error instanceof Moved)) return inherited(error as never, request, reply)
      const url = `${urlsOf(context, app.prefix).api}${error.location}`
      return reply
        .code(request.method === 'GET' ? 301 : 307)
        .header('location', url)
        .send({
          message: 'Moved Permanently',
          url,
          documentation_url: 'https://docs.github.com/rest',
        })
    })
    userRoutes(app, context)
    repositoryRoutes(app, context)
    refRoutes(app, context)
    commitRoutes(app, context)
    contentRoutes(app, context)
    pullRoutes(app, context)
    commentRoutes(app, context)
  }
}
