import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** An MCP server at an address, as a session's endpoints are: `add` adds, `fail` fails. */
export async function startMcpServer(): Promise<AsyncDisposable & { url: string }> {
  const { fetch } = createMcpHandler(createTestServer)
  const server = createServer((request, response) => {
    void buffer(request).then(async (body) => {
      const headers = new Headers()
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
      const { method = 'GET' } = request
      const sent = method === 'POST' ? { body: new Uint8Array(body) } : {}
      const answer = await fetch(new Request('http://test/mcp', { method, headers, ...sent }))
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    // It listens on TCP: its address has a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function createTestServer(): McpServer {
  const server = new McpServer({ name: 'sums', version: '1' })
  const Terms = z.object({ a: z.number(), b: z.number() })
  server.registerTool('add', { description: 'Adds', inputSchema: Terms }, ({ a, b }) => ({
    content: [{ type: 'text', text: `sum ${a + b}` }],
  }))
  server.registerTool('fail', { description: 'Fails' }, () => ({
    content: [{ type: 'text', text: 'it is broken' }],
    isError: true,
  }))
  return server
}
