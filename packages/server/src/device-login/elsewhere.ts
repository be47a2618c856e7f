import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'

/** Where the forge is elsewhere its tokens are made there: whoever asks for one here is told where. */
export function deviceRoutesElsewhere({ settings }: ServerContext): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.post('/login/device/code', async (_request, reply) =>
      reply.code(404).send({
        error: 'Not Found',
        error_description: `The tokens of this server are those of ${settings.forge}`,
        forge: settings.forge,
      }),
    )
  }
}
