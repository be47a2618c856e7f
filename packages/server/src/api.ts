import { type Caller, ErrandError, type Route, type RouteName, routes } from '@errand/contract'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { readToken } from './auth/credentials.ts'
import { requireTokenPermission } from './auth/permissions.ts'
import { RepositoryMoved } from './auth/repository.ts'
import type { ServerContext } from './context.ts'
import { requireObject } from './conventions/json-body.ts'
import { readQuery } from './conventions/query.ts'
import { parseInput } from './errors.ts'
import type { Answer, Call, Handler } from './handler.ts'
import { handlers } from './routes/handlers.ts'

/** Registers every operation of contract's table of routes under one prefix. */
export function agentTaskRoutes(context: ServerContext, prefix: string): FastifyPluginAsync {
  return async (app) => {
    for (const name of Object.keys(routes) as RouteName[]) {
      // A handler takes the call of its own route; here the pair is looked up by its common name.
      registerRoute(app, context, prefix, routes[name], handlers[name])
    }
  }
}

function registerRoute(
  app: FastifyInstance,
  context: ServerContext,
  prefix: string,
  route: Route,
  handle: Handler<Route>,
): void {
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    async handler(request, reply) {
      const call = await readCall(context, prefix, route, request, reply)
      try {
        const answer = await handle(context, call)
        return await (answer === undefined ? reply : send(reply, answer))
      } catch (error) {
        if (error instanceof RepositoryMoved) return sendMoved(reply, error, route, call)
        throw error
      }
    },
  })
}

async function readCall(
  context: ServerContext,
  prefix: string,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Call<Route>> {
  const caller = await requireCaller(context, request)
  if (caller.token.expires_at !== undefined) {
    void reply.header('github-authentication-token-expiration', caller.token.expires_at)
  }
  // What the token as such may not do is refused before its input is looked at.
  const level = route.permission === 'agent_tasks:write' ? 'write' : 'read'
  requireTokenPermission(caller, level)
  const web = context.publicUrl()
  const url = new URL(request.raw.url ?? '/', `${web}/`)
  const closed = new AbortController()
  reply.raw.once('close', () => closed.abort())
  return {
    caller,
    params: parseInput(route.params, request.params),
    // The types of query and body follow from the route; the schema just parsed them.
    query:
      route.query === undefined
        ? undefined
        : parseInput(route.query, readQuery(route.query, url.searchParams)),
    body:
      route.body === undefined ? undefined : parseInput(route.body, requireObject(request.body)),
    headers: request.headers,
    urls: { api: `${web}${prefix}`, web },
    url: url.href,
    log: request.log,
    signal: closed.signal,
    takeOver() {
      reply.hijack()
      return reply.raw
    },
  } as Call<Route>
}

/** @throws ErrandError 401 */
export async function requireCaller(
  context: ServerContext,
  request: FastifyRequest,
): Promise<Caller> {
  const token = readToken(request.headers.authorization) ?? request.sessionToken
  if (token === undefined) throw new ErrandError('requires_authentication')
  const caller = await context.forge.authenticate(token)
  if (caller === undefined) throw new ErrandError('bad_credentials')
  return caller
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const isText = typeof answer.body === 'string'
  return reply
    .code(answer.status)
    .headers(answer.headers ?? {})
    .type(isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8')
    .send(isText ? answer.body : JSON.stringify(answer.body))
}

/** GitHub redirects to the new name: 301, or 307 where the method must stay (behaviour.md 2.4). */
function sendMoved(
  reply: FastifyReply,
  moved: RepositoryMoved,
  route: Route,
  call: Call<Route>,
): FastifyReply {
  const [owner = '', repo = ''] = moved.repository.full_name.split('/')
  const names: Record<string, unknown> = { ...call.params, owner, repo }
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(String(names[key])),
  )
  const location = `${call.urls.api}${path}${new URL(call.url).search}`
  return reply
    .code(route.method === 'GET' ? 301 : 307)
    .header('location', location)
    .send({
      message: route.method === 'GET' ? 'Moved Permanently' : 'Temporary Redirect',
      url: location,
      documentation_url: 'https://docs.github.com/rest',
    })
}
