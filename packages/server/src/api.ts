import {
  type Caller,
  ErrandError,
  invalidField,
  type Route,
  type RouteName,
  routes,
  taskRoutes,
  type TokenPermission,
} from '@errand/contract'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { requireCaller, tellOfToken } from './auth/caller.ts'
import { requireTokenPermission } from './auth/permissions.ts'
import { RepositoryMoved } from './auth/repository.ts'
import type { ServerContext } from './context.ts'
import { requireObject } from './conventions/json-body.ts'
import { readQuery } from './conventions/query.ts'
import { parseInput } from './errors.ts'
import { sendEventStream } from './event-stream.ts'
import type { Answer, Call, Handler } from './handler.ts'
import { resourceOf } from './resource-of.ts'
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
    ...(route.bodyLimitBytes === undefined ? {} : { bodyLimit: route.bodyLimitBytes }),
    async handler(request, reply) {
      const caller = await requireCaller(context, request)
      tellOfToken(reply, caller)
      // What the token as such may not do is refused before its input is looked at.
      const { permission, level } = grantOf(route)
      requireTokenPermission(context.settings, caller, level, undefined, permission)
      requireForWorkflows(caller, route)
      const call = readCall(context, prefix, route, request, caller)
      try {
        return await send(context, reply, await handle(context, call))
      } catch (error) {
        if (error instanceof RepositoryMoved) return sendMoved(reply, error, route, call)
        throw error
      }
    },
  })
}

function grantOf(route: Route): { permission: TokenPermission; level: 'read' | 'write' } {
  const [permission, level] = (route.permission ?? 'agent_tasks:read').split(':')
  // What the type of `permission` is made of.
  return { permission: permission as TokenPermission, level: level as 'read' | 'write' }
}

/**
 * A workflow starts and follows tasks. What outlives its login, like an automation, is no business of it.
 *
 * @throws ErrandError forbidden
 */
function requireForWorkflows(caller: Caller, route: Route): void {
  if (caller.onlyRepositoryId === undefined) return
  if ((Object.values(taskRoutes) as Route[]).includes(route)) return
  throw new ErrandError('forbidden', {
    message: 'A workflow that logged in by OIDC may only start and follow tasks',
  })
}

function readCall(
  context: ServerContext,
  prefix: string,
  route: Route,
  request: FastifyRequest,
  caller: Caller,
): Call<Route> {
  const web = context.publicUrl()
  // Only path and query are the client's to choose: a request line may name any host.
  const { pathname, search, searchParams } = new URL(request.raw.url ?? '/', 'http://localhost')
  const resource = resourceOf(route)
  requireComparable(request.params, searchParams, resource)
  const { query, body } = route
  return {
    caller,
    params: parseInput(route.params, request.params, resource),
    query: query && parseInput(query, readQuery(query, searchParams), resource),
    body: body && parseInput(body, requireObject(request.body), resource),
    headers: request.headers,
    urls: { api: `${web}${prefix}`, web },
    url: `${web}${pathname}${search}`,
    wantsStream:
      request.method === 'GET' && request.headers.accept?.includes('text/event-stream') === true,
    // The types of query and body follow from the route, whose schemas just parsed them.
  } as Call<Route>
}

/**
 * Nothing is stored under a name with a null character in it, and no database compares one. What is in a
 * body is made fit to be stored instead.
 */
function requireComparable(params: unknown, query: URLSearchParams, resource: string): void {
  for (const value of Object.values(params ?? {})) {
    if (String(value).includes('\u0000')) throw new ErrandError('not_found')
  }
  for (const [name, value] of query) {
    if (value.includes('\u0000')) {
      throw invalidField(name, `${name} must not contain a null character`, resource)
    }
  }
}

async function send(
  context: ServerContext,
  reply: FastifyReply,
  answer: Answer,
): Promise<FastifyReply> {
  if ('stream' in answer) {
    await sendEventStream(reply, answer.stream, { log: context.log })
    return reply
  }
  if (answer.status === 204) return reply.code(204).send()
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
