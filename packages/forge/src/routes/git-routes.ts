import { ErrandError } from '@errand/contract'
import type { FastifyPluginAsync } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { serveGit } from '../git/http-backend.ts'
import { avatarRoutes } from './avatars.ts'
import { requireRepository } from './request.ts'

/** The three requests of git's smart HTTP, and nothing else: no dumb protocol, no files. */
const services = {
  'info/refs': 'GET',
  'git-upload-pack': 'POST',
  'git-receive-pack': 'POST',
} as const

/**
 * git over HTTP with the same tokens as the API: `https://HOST/owner/name.git`, with or without the
 * `.git`. Bodies are streamed, never held.
 */
export function gitRoutes(context: ForgeContext): FastifyPluginAsync {
  return async (app) => {
    avatarRoutes(app, context)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const path of Object.keys(services) as (keyof typeof services)[]) {
      app.route<{ Querystring: { service?: string } }>({
        method: services[path],
        url: `/:owner/:repo/${path}`,
        async handler(request, reply) {
          const service = path === 'info/refs' ? request.query.service : path
          if (service !== 'git-upload-pack' && service !== 'git-receive-pack') {
            throw new ErrandError('not_found')
          }
          const isPush = service === 'git-receive-pack'
          const { repository, caller } = requireAccess(context, request, isPush)
          reply.hijack()
          for (const [name, value] of Object.entries(reply.getHeaders())) {
            if (value !== undefined) reply.raw.setHeader(name, value)
          }
          await serveGit(request.raw, reply.raw, {
            gitDir: context.records.gitFolder(repository.id),
            path,
            query: new URL(request.raw.url ?? '/', 'http://localhost').search.slice(1),
            user: caller?.user.login,
          })
          if (isPush && path === 'git-receive-pack') await notePush(context, repository.id)
        },
      })
    }
  }
}

/** As the API's, but somebody without a token is asked for one, or git would not send it. */
function requireAccess(
  context: ForgeContext,
  request: Parameters<typeof requireRepository>[1],
  isPush: boolean,
) {
  try {
    return requireRepository(context, request, 'contents', isPush ? 'write' : 'read')
  } catch (error) {
    if (error instanceof ErrandError && request.headers.authorization === undefined) {
      throw new ErrandError('requires_authentication', {
        headers: { 'www-authenticate': 'Basic realm="Errand"' },
      })
    }
    throw error
  }
}

async function notePush(context: ForgeContext, id: number): Promise<void> {
  const repository = context.records.repositories.get(String(id))
  if (repository === undefined) return
  await context.records.repositories.put(String(id), {
    ...repository,
    pushed_at: new Date().toISOString(),
  })
}
