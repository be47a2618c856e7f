import type { Client } from '@errand/contract'
import { createClient, ErrandError } from '@errand/contract'
import type { McpHttpHandler, McpServer } from '@modelcontextprotocol/server'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { readToken } from '../auth/credentials.ts'
import type { ServerContext } from '../context.ts'
import { limitRequest, operationOf } from '../conventions/limit-requests.ts'
import { rateCallerOf } from '../conventions/rate-caller.ts'
import type { RateLimits } from '../conventions/rate-limit.ts'
import { bytesOf } from '../integrations/raw-body.ts'

/** Makes the MCP server whose tools act by this client: the one definition stdio has as well. */
export type McpServerFactory = (client: Client) => Promise<McpServer>

const bodyLimit = 1024 * 1024

/** Streams a client may hold open; nothing is ever told on them. */
const mostStreams = 64

/**
 * `/mcp`: the Model Context Protocol over Streamable HTTP. Each request stands alone, with the caller's
 * own token: there are no sessions to be kept, bounded or stolen. The tools go through the API of this
 * very server, in this process, so that a remote agent may do what its token may. A request here counts
 * against the token's limits, and so does each one that a tool makes.
 */
export function mcpRoutes(
  context: ServerContext,
  limits: RateLimits,
  createMcpServer: McpServerFactory,
): FastifyPluginAsync {
  return async (app) => {
    let opening: Promise<McpHttpHandler> | undefined
    const open = () => (opening ??= openHandler(app, createMcpServer))
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
      done(null, body),
    )
    app.addHook('onClose', async () => await (await opening)?.close())
    app.addHook('onRequest', async (request, reply) =>
      limitRequest(limits, rateCallerOf(request), request, reply),
    )
    app.addHook('onSend', async (request, reply) => {
      if (reply.statusCode === 401) limits.withhold(rateCallerOf(request), operationOf(request))
    })
    app.route({
      method: ['GET', 'POST', 'DELETE'],
      url: '/mcp',
      // The protocol has no HEAD, and its handler fails at one.
      exposeHeadRoute: false,
      async handler(request, reply) {
        requireOwnOrigin(context, request)
        const token = await requireToken(context, request)
        const { fetch } = await open()
        const authInfo = { token, clientId: 'bearer', scopes: [] }
        const answer = await fetch(toWebRequest(context, request), { authInfo })
        return reply.send(answer)
      },
    })
  }
}

/** Loaded with the first request: most servers are never asked. */
async function openHandler(
  app: FastifyInstance,
  createMcpServer: McpServerFactory,
): Promise<McpHttpHandler> {
  const { createMcpHandler } = await import('@modelcontextprotocol/server')
  return createMcpHandler(
    // The route below gives it: without a token nobody gets here.
    ({ authInfo }) => createMcpServer(clientWithin(app, authInfo?.token ?? '')),
    { maxSubscriptions: mostStreams, maxRequestBodySize: bodyLimit },
  )
}

/** A page of another site must not use what a browser can reach (the specification's DNS rebinding). */
function requireOwnOrigin(context: ServerContext, request: FastifyRequest): void {
  const { origin } = request.headers
  if (origin === undefined || origin === new URL(context.publicUrl()).origin) return
  throw new ErrandError('forbidden', { message: 'Requests of pages of another site are not taken' })
}

async function requireToken(context: ServerContext, request: FastifyRequest): Promise<string> {
  const headers = { 'www-authenticate': 'Bearer' }
  const token = readToken(request.headers.authorization)
  if (token === undefined) throw new ErrandError('requires_authentication', { headers })
  if ((await context.forge.authenticate(token)) === undefined) {
    throw new ErrandError('bad_credentials', { headers })
  }
  return token
}

function toWebRequest(context: ServerContext, request: FastifyRequest): Request {
  const headers = new Headers()
  for (const name of [
    'accept',
    'content-type',
    'last-event-id',
    'mcp-method',
    'mcp-name',
    'mcp-protocol-version',
    'mcp-session-id',
  ]) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const hasBody = request.method === 'POST'
  return new Request(new URL('/mcp', context.publicUrl()), {
    method: request.method,
    headers,
    ...(hasBody ? { body: new Uint8Array(bytesOf(request.body)) } : {}),
  })
}

/** The API of this process, past the network: everything else is as for any other client. */
function clientWithin(app: FastifyInstance, token: string): Client {
  const within: typeof fetch = async (input, init) => {
    const asked = new Request(input, init)
    const { pathname, search } = new URL(asked.url)
    const answer = await app.inject({
      // Contract's routes have no other methods.
      method: asked.method as 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
      url: `${pathname}${search}`,
      headers: Object.fromEntries(asked.headers),
      payload: await asked.text(),
    })
    const headers = Object.entries(answer.headers).map(
      ([name, value]) => [name, String(value)] as [string, string],
    )
    const isEmpty = [204, 304].includes(answer.statusCode)
    return new Response(isEmpty ? null : answer.payload, { status: answer.statusCode, headers })
  }
  return createClient({ baseUrl: 'http://errand', token, userAgent: 'errand-mcp', fetch: within })
}
