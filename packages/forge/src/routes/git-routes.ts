import { ErrandError } from '@errand/contract'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { GitFailed } from '../git/git.ts'
import { serveGit } from '../git/http-backend.ts'
import { notePush, refsDigest } from '../repositories/note-push.ts'
import { avatarRoutes } from './avatars.ts'
import { readCaller } from './credentials.ts'
import { findAllowed } from './request.ts'

/** The three requests of git's smart HTTP, and nothing else: no dumb protocol, no files. */
const paths = {
  'info/refs': 'GET',
  'git-upload-pack': 'POST',
  'git-receive-pack': 'POST',
} as const

interface GitRoute {
  Params: { owner: string; repo: string }
  Querystring: { service?: string }
}

/**
 * git over HTTP with the same tokens as the API: `https://HOST/owner/name.git`, with or without the
 * `.git`, in any case, also by a former name. Bodies are streamed, never held.
 */
export function gitRoutes(context: ForgeContext, close: () => Promise<void>): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onClose', close)
    avatarRoutes(app, context)
    app.removeAllContentTypeParsers()
    // The body stays where it is, for git to read.
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const path of Object.keys(paths) as (keyof typeof paths)[]) {
      app.route<GitRoute>({
        method: paths[path],
        url: `/:owner/:repo/${path}`,
        handler: async (request, reply) => {
          const service = path === 'info/refs' ? request.query.service : path
          if (service !== 'git-upload-pack' && service !== 'git-receive-pack') {
            throw new ErrandError('not_found')
          }
          await handle(context, request, reply, path, service === 'git-receive-pack')
        },
      })
    }
  }
}

async function handle(
  context: ForgeContext,
  request: FastifyRequest<GitRoute>,
  reply: FastifyReply,
  path: keyof typeof paths,
  isPush: boolean,
): Promise<void> {
  const { repository, gitDir, user, userId } = requireAccess(context, request, isPush)
  const isUpdate = path === 'git-receive-pack'
  const before = isUpdate ? await refsDigest(gitDir) : ''
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value)
  }
  try {
    await serveGit(request.raw, reply.raw, {
      gitDir,
      path,
      query: new URL(request.raw.url ?? '/', 'http://localhost').search.slice(1),
      user,
      pushLimitBytes: context.pushLimitBytes,
      // Also when the client left before the end: what was pushed is pushed.
      async beforeEnd() {
        if (isUpdate && (await refsDigest(gitDir)) !== before) {
          await notePush(context, repository.id, userId)
        }
      },
    })
  } catch (error) {
    // The client has heard of it from git.
    if (!(error instanceof GitFailed)) throw error
    context.log.warn({ err: error, repositoryId: repository.id, path }, 'git over HTTP failed')
  }
}

/** As the API's, but somebody without a good token is asked for one, or git would not send it. */
function requireAccess(context: ForgeContext, request: FastifyRequest<GitRoute>, isPush: boolean) {
  const { owner, repo } = request.params
  const name = { owner, repo: repo.replace(/\.git$/i, '') }
  const level = isPush ? 'write' : 'read'
  try {
    const caller = readCaller(context, request.headers.authorization)
    const found = findAllowed(context, caller, name, { permissions: ['contents'], level })
    return { ...found, user: caller?.user.login, userId: caller?.user.id }
  } catch (error) {
    const isUnknown =
      error instanceof ErrandError &&
      (request.headers.authorization === undefined || error.errorName === 'bad_credentials')
    if (!isUnknown) throw error
    throw new ErrandError(
      request.headers.authorization === undefined ? 'requires_authentication' : 'bad_credentials',
      { headers: { 'www-authenticate': 'Basic realm="Errand"' } },
    )
  }
}
