import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ForgeContext } from '../context.ts'
import { fullName } from '../identity/access.ts'
import { collaboratorRoutes } from './collaborators.ts'
import { commentRoutes } from './comments.ts'
import { commitRoutes } from './commits.ts'
import { compareRoutes } from './compare.ts'
import { contentRoutes } from './contents.ts'
import { labelRoutes } from './labels.ts'
import { membershipRoutes } from './memberships.ts'
import { mergeRoutes } from './merges.ts'
import { pullContentRoutes } from './pull-content.ts'
import { pullRoutes } from './pulls.ts'
import { reactionRoutes } from './reactions.ts'
import { refRoutes } from './refs.ts'
import { repositoryListRoutes } from './repository-lists.ts'
import { repositoryRoutes } from './repositories.ts'
import { authenticateRequests, Moved, urlsOf } from './request.ts'
import { reviewerRoutes } from './reviewers.ts'
import { searchRoutes } from './search.ts'
import { statusRoutes } from './statuses.ts'
import { tokenRoutes } from './tokens.ts'
import { topicRoutes } from './topics.ts'
import { userRoutes } from './users.ts'

const groups = [
  userRoutes,
  repositoryListRoutes,
  repositoryRoutes,
  topicRoutes,
  searchRoutes,
  refRoutes,
  commitRoutes,
  compareRoutes,
  contentRoutes,
  pullRoutes,
  pullContentRoutes,
  mergeRoutes,
  reviewerRoutes,
  collaboratorRoutes,
  membershipRoutes,
  commentRoutes,
  reactionRoutes,
  labelRoutes,
  statusRoutes,
  tokenRoutes,
]

/** The REST subset, to be mounted where GitHub's conventions are kept. */
export function apiRoutes(context: ForgeContext): FastifyPluginAsync {
  return async (app) => {
    const inherited = app.errorHandler
    app.setErrorHandler((error, request, reply) =>
      error instanceof Moved
        ? sendMoved(context, app.prefix, error, request, reply)
        : // Whatever was thrown is what it was made to take.
          inherited(error as never, request, reply),
    )
    authenticateRequests(app, context)
    for (const addRoutes of groups) addRoutes(app, context)
  }
}

/** GitHub redirects to the new name: 301, or 307 where the method must stay (behaviour.md 2.4). */
function sendMoved(
  context: ForgeContext,
  prefix: string,
  { repository }: Moved,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { api } = urlsOf(context, prefix)
  const path = (request.raw.url ?? '').slice(prefix.length)
  // `/repos/{owner}/{repo}` and whatever followed it, with its query.
  const rest = /^\/repos\/[^/?]+\/[^/?]+(.*)$/s.exec(path)?.[1] ?? ''
  const url = `${api}/repos/${fullName(context.records, repository)}${rest}`
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  return reply
    .code(isRead ? 301 : 307)
    .header('location', url)
    .send({
      message: isRead ? 'Moved Permanently' : 'Temporary Redirect',
      url,
      documentation_url: 'https://docs.github.com/rest',
    })
}
