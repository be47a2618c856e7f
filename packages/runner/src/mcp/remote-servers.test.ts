import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, expect, it } from 'vitest'

import { openTestMcp } from './testing/open-test-mcp.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

/** At an address of this machine that is not its usual one: as a server inside a company. */
const address = '127.0.0.3'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  opened.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://${address}:${(server.address() as AddressInfo).port}/mcp`
}

/** A server made with the library that most are made with; `seen` has the authorization of each request. */
function libraryServer(seen: string[]): RequestListener {
  const { fetch } = createMcpHandler(() => {
    const server = new McpServer({ name: 'remote', version: '1' })
    server.registerTool('greet', { description: 'Greets' }, () => ({
      content: [{ type: 'text', text: `hello, and ${seen.at(-1)}` }],
    }))
    return server
  })
  return (request, response) => {
    seen.push(request.headers.authorization ?? '')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = new Headers()
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
      const { method = 'GET' } = request
      const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {}
      void fetch(new Request('http://remote/mcp', { method, headers, ...body })).then(
        async (answer) => {
          response.writeHead(answer.status, Object.fromEntries(answer.headers))
          response.end(Buffer.from(await answer.arrayBuffer()))
        },
      )
    })
  }
}

const settings = { firewall: { private_networks: [address] } }

it('calls a server elsewhere itself, with headers that no box sees', async () => {
  const seen: string[] = []
  const url = await serve(libraryServer(seen))
  await using mcp = await openTestMcp({
    servers: {
      remote: {
        type: 'http',
        url,
        headers: { Authorization: 'Bearer $COPILOT_MCP_KEY' },
        tools: ['greet'],
      },
    },
    values: { COPILOT_MCP_KEY: 'key-of-remote' },
    settings,
  })

  const said = await mcp.say('remote', 'greet')

  expect(seen.every((authorization) => authorization === 'Bearer key-of-remote')).toBe(true)
  expect(said).toBe('hello, and Bearer ***')
})

it('knows the older transport by server-sent events', async () => {
  let answer: (message: object) => void = () => undefined
  const url = await serve((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: endpoint\ndata: /messages\n\n')
      answer = (message) =>
        void response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
      return
    }
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      response.writeHead(202).end()
      const { id, method } = JSON.parse(text) as { id?: number; method: string }
      const results: Record<string, object> = {
        initialize: {
          protocolVersion: '2024-11-05',
          capabilities: { tools: {} },
          serverInfo: { name: 'old', version: '1' },
        },
        'tools/list': { tools: [{ name: 'greet', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: 'hello of old' }] },
      }
      if (id !== undefined) answer({ jsonrpc: '2.0', id, result: results[method] })
    })
  })
  await using mcp = await openTestMcp({
    servers: { old: { type: 'sse', url, tools: ['*'] } },
    settings,
  })

  expect(await mcp.say('old', 'greet')).toBe('hello of old')
})

it('does not go where its operator does not let it, whatever the name is', async () => {
  const seen: string[] = []
  const url = await serve(libraryServer(seen))
  const metadata = 'http://169.254.169.254/latest/meta-data'
  const mapped = url.replace(address, '[::ffff:127.0.0.3]')
  await using mcp = await openTestMcp({
    servers: {
      private: { type: 'http', url, tools: ['*'] },
      mapped: { type: 'http', url: mapped, tools: ['*'] },
      localhost: { type: 'http', url: url.replace(address, 'localhost'), tools: ['*'] },
      metadata: { type: 'sse', url: metadata, tools: ['*'] },
    },
  })

  expect(mcp.names).toEqual(['forge'])
  expect(seen).toEqual([])
  for (const { message } of await mcp.events('mcp.server')) {
    expect(message).toContain('is a private or reserved address')
  }
})

it('follows no server to another one', async () => {
  const seen: string[] = []
  const elsewhere = await serve(libraryServer(seen))
  const url = await serve(
    (_, response) => void response.writeHead(307, { location: elsewhere }).end(),
  )
  const header = { Authorization: 'Bearer $COPILOT_MCP_KEY' }
  await using mcp = await openTestMcp({
    servers: { redirecting: { type: 'http', url, headers: header, tools: ['*'] } },
    values: { COPILOT_MCP_KEY: 'key-of-redirecting' },
    settings,
  })

  expect(mcp.names).toEqual(['forge'])
  expect(seen).toEqual([])
})

it('reads no more than a bounded answer', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const piece = 'x'.repeat(1024 * 1024)
    const write = (): void => void response.write(piece, (error) => !error && setImmediate(write))
    write()
  })
  await using mcp = await openTestMcp({
    servers: { endless: { type: 'http', url, tools: ['*'] } },
    settings,
  })

  expect(await mcp.events('mcp.server')).toMatchObject([
    { server: 'endless', state: 'failed', message: expect.stringContaining('more than 8 MiB') },
  ])
})
