import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, it } from 'vitest'
import { builtinPrograms } from '../index.ts'
import { startMcpServer } from '../testing/start-mcp-server.ts'

const command = process.execPath
const args = [...builtinPrograms.nodeArguments, builtinPrograms.mcpBridgeEntry]

it('is the server behind the address to a client on standard streams', async () => {
  await using server = await startMcpServer()
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StdioClientTransport({ command, args, env: { ERRAND_MCP_URL: server.url } }),
  )

  const { tools } = await client.listTools()
  const added = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })
  await client.close()

  expect(tools.map(({ name }) => name)).toEqual(['add', 'fail'])
  expect(added.content).toEqual([{ type: 'text', text: 'sum 3' }])
})

it('answers for a server that is not there', async () => {
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ERRAND_MCP_URL: 'http://127.0.0.1:9/mcp' },
  })
  const client = new Client({ name: 'test', version: '1' })

  await expect(client.connect(transport)).rejects.toThrow('The MCP server did not answer')
  await client.close()
})

it('ends with its input', async () => {
  await using server = await startMcpServer()
  const child = spawn(command, args, {
    env: { ERRAND_MCP_URL: server.url },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const hello = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  }
  child.stdin.write(
    `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })}\n`,
  )
  await once(child.stdout, 'data')

  child.stdin.end()

  expect(await once(child, 'exit')).toEqual([0, null])
})
