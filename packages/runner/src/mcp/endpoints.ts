import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { createMcpHandler, type McpHttpHandler, Server } from '@modelcontextprotocol/server'

import { readBody } from '../gateway/request/read-body.ts'
import { GatewayRefusal } from '../gateway/refusal.ts'
import type { Run } from '../run/run.ts'
import { boundResult, failedResult } from './bound-result.ts'
import type { CallResult } from './connection.ts'
import { presentCall } from './present-call.ts'
import type { ToolServer } from './tool-server.ts'

/** What the agent sees of its MCP servers: one address each, below the gateway's. */
export interface McpEndpoints {
  /** From now on this server is there. */
  add(name: string, server: ToolServer): void
  /** From now on there is none. */
  clear(): void
  /** Those that are there. */
  names(): string[]
  /** @throws GatewayRefusal */
  handle(name: string, request: IncomingMessage, response: ServerResponse): Promise<void>
}

const longestRequestBytes = 1024 * 1024
/** Calls of tools at a time in one session. */
const mostCalls = 16
/** There are agents that give up on a tool after a minute without news. */
const progressMs = 15_000

/**
 * Opens the place where servers are added. Here it is decided which tools there are, whatever the agent asks
 * for; and each call becomes an event.
 */
export function openMcpEndpoints(run: Run): McpEndpoints {
  const handlers = new Map<string, McpHttpHandler>()
  let running = 0

  async function call(
    serverName: string,
    server: ToolServer,
    asked: { name: string; arguments?: unknown },
    signal: AbortSignal,
  ): Promise<CallResult> {
    const began = performance.now()
    const result = await answer(serverName, server, asked, signal)
    const durationMs = Math.round(performance.now() - began)
    const event = presentCall(run.mask, { ...asked, serverName, result, durationMs })
    run.recorder.report({ type: 'mcp.call', data: event })
    return result
  }

  /** What a server gives away of its own secrets ends here. */
  async function answer(
    serverName: string,
    server: ToolServer,
    { name, arguments: args }: { name: string; arguments?: unknown },
    signal: AbortSignal,
  ): Promise<CallResult> {
    if (!server.tools.some((tool) => tool.name === name)) {
      return failedResult(`The server ${serverName} has no tool of that name that may be used.`)
    }
    if (running >= mostCalls) return failedResult(`More than ${mostCalls} calls at a time.`)
    running += 1
    try {
      return boundResult(run.mask.value(await server.call(name, args, signal)))
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      return failedResult(run.mask.text(`The server ${serverName} ${words}.`))
    } finally {
      running -= 1
    }
  }

  return {
    names: () => [...handlers.keys()],
    clear: () => handlers.clear(),
    add(name, server) {
      const create = (): Server =>
        presentServer(name, server, (asked, signal) =>
          call(name, server, asked, AbortSignal.any([signal, run.signal])),
        )
      handlers.set(name, createMcpHandler(create, { maxRequestBodySize: longestRequestBytes }))
    },
    async handle(name, request, response) {
      const handler = handlers.get(name)
      if (handler === undefined) throw new GatewayRefusal(404, 'There is no such MCP server')
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      const answered = await handler.fetch(await toWebRequest(request, gone.signal))
      response.writeHead(answered.status, Object.fromEntries(answered.headers))
      if (answered.body === null) response.end()
      // Node's type of a web stream and the global one are the same object.
      else await pipeline(Readable.fromWeb(answered.body as never), response)
    },
  }
}

/** One for each request of the agent's: there is no state that it could have. */
function presentServer(
  name: string,
  { tools }: ToolServer,
  call: (asked: { name: string; arguments?: unknown }, signal: AbortSignal) => Promise<CallResult>,
): Server {
  const server = new Server({ name, version: '0.1.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', () => ({ tools: [...tools] }))
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {}
    let progress = 0
    const tell = (): void => {
      if (progressToken === undefined) return
      progress += 1
      const told = {
        method: 'notifications/progress',
        params: { progressToken, progress },
      } as const
      // Who has gone hears nothing.
      mcpReq.notify(told).catch(() => undefined)
    }
    const timer = setInterval(tell, progressMs)
    try {
      // Of a shape that was checked as it came from the server.
      return (await call(params, mcpReq.signal)) as never
    } finally {
      clearInterval(timer)
    }
  })
  return server
}

async function toWebRequest(request: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const headers = new Headers()
  for (const name of ['accept', 'content-type', 'last-event-id']) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith('mcp-') && typeof value === 'string') headers.set(name, value)
  }
  const method = request.method ?? 'GET'
  const body = method === 'POST' ? await readBody(request, longestRequestBytes) : undefined
  return new Request('http://127.0.0.1/mcp', {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  })
}
