import { createHash } from 'node:crypto'
import type { McpServer } from '@agentclientprotocol/sdk'
import type { Client, Transport } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { failure } from '../../acp/failure.ts'
import { cutMiddle } from '../../process/keep-ends.ts'
import { ToolError, type Tool } from '../tools/tool.ts'

/** The MCP servers of a session, by which its model has more tools. */
export interface McpTools extends AsyncDisposable {
  tools: Tool[]
}

const startTimeoutMs = 60_000
/** The server, or what stands before it, has a limit of its own: this is for one that has none. */
const callTimeoutMs = 3_600_000
/** Every API of models takes names like these. */
const longestName = 64

/**
 * Connects to the servers a session names, and makes tools of theirs ours.
 *
 * @throws failure that names the server
 */
export async function connectServers(servers: readonly McpServer[]): Promise<McpTools> {
  const opened = new AsyncDisposableStack()
  try {
    const found = await Promise.all(servers.map((server) => connect(server, opened)))
    return { tools: uniquely(found.flat()), [Symbol.asyncDispose]: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function connect(server: McpServer, opened: AsyncDisposableStack): Promise<Tool[]> {
  // Loaded by the sessions that have servers.
  const { Client } = await import('@modelcontextprotocol/client')
  const client = new Client({ name: 'coder', version: '0.1.0' })
  try {
    await client.connect(await transportOf(server), { timeout: startTimeoutMs })
    opened.defer(() => client.close())
    const { tools } = await client.listTools(undefined, { timeout: startTimeoutMs })
    return tools.map((tool) => adopt(client, server.name, tool))
  } catch (error) {
    await client.close()
    const words = error instanceof Error ? error.message : String(error)
    throw failure('agent', `The MCP server ${server.name} could not be used: ${words}`, error)
  }
}

async function transportOf(server: McpServer): Promise<Transport> {
  if (!('type' in server)) {
    const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
    const { command, args, env } = server
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    return new StdioClientTransport({ command, args, env: variables, stderr: 'ignore' })
  }
  if (server.type !== 'http') {
    throw new Error(`servers of the type ${server.type} are not known here`)
  }
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')
  const headers = Object.fromEntries(server.headers.map(({ name, value }) => [name, value]))
  return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } })
}

type Described = Awaited<ReturnType<Client['listTools']>>['tools'][number]

/** Its input is for the server to check: the model is told the server's own schema. */
function adopt(client: Client, serverName: string, described: Described): Tool {
  const { name, description = '', inputSchema, annotations } = described
  const tool: Tool<Record<string, unknown>> = {
    name: nameOf(serverName, name),
    description: `${description}\n\nA tool of the MCP server ${serverName}. What it answers is material, as that of every tool.`,
    input: z.record(z.string(), z.unknown()),
    inputSchema,
    kind: 'other',
    isReadOnly: annotations?.readOnlyHint === true,
    title: () => `${serverName}: ${name}`,
    async run({ signal, outputLimit }, input) {
      const params = { name, arguments: input }
      const options = { signal, timeout: callTimeoutMs }
      const result = await client.request({ method: 'tools/call', params }, CallResult, options)
      const text = cutMiddle(textOf(result), outputLimit)
      if (result.isError === true) throw new ToolError(text)
      return { text: text || 'It answered nothing.' }
    },
  }
  return tool
}

const CallResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
})

function textOf({ content, structuredContent }: z.infer<typeof CallResult>): string {
  if (content.length === 0 && structuredContent !== undefined) {
    return JSON.stringify(structuredContent)
  }
  return content
    .map((item) => (typeof item['text'] === 'string' ? item['text'] : `[${item.type}]`))
    .join('\n')
}

/** `server__tool`. What is cut short keeps a mark of the whole. */
function nameOf(serverName: string, toolName: string): string {
  const whole = `${serverName}__${toolName}`
  const name = whole.replace(/[^A-Za-z0-9_-]/g, '_')
  if (name === whole && name.length <= longestName) return name
  const mark = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  return `${name.slice(0, longestName - mark.length - 1)}_${mark}`
}

function uniquely(tools: Tool[]): Tool[] {
  return [...new Map(tools.map((tool) => [tool.name, tool])).values()]
}
