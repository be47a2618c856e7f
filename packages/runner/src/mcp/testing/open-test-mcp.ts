import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import {
  CloudAgentConfiguration,
  type EventData,
  type EventType,
  type McpServer,
} from '@errand/contract'
import { lastEvents } from '@errand/core'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

import { findRepository } from '../../mirror/repository.ts'
import type { Run } from '../../run/run.ts'
import { openTestRun } from '../../testing/open-test-run.ts'
import type { TestForge } from '../../testing/test-forge.ts'
import { openWorkspace, type Workspace } from '../../workspace/workspace.ts'
import { CallResult } from '../connection.ts'
import { openMcpEndpoints } from '../endpoints.ts'
import { openMcpServers } from '../open-mcp-servers.ts'

const fixture = fileURLToPath(new URL('fixture-server.ts', import.meta.url))
/** The fixture as a server of a repository's. */
export function fixtureServer(more: object = {}, ...args: string[]): McpServer {
  return {
    type: 'local',
    command: process.execPath,
    args: [fixture, ...args],
    tools: ['*'],
    ...more,
  }
}

export const modulesFolder = fileURLToPath(new URL('../../../../../node_modules', import.meta.url))
export const fixtureFolder = dirname(fixture)

export interface TestMcpOptions {
  servers: Record<string, McpServer>
  customAgentServers?: Record<string, McpServer>
  customAgentTools?: string[]
  configuration?: Partial<CloudAgentConfiguration>
  /** For MCP servers, all of them secrets. */
  values?: Record<string, string>
  settings?: { mcp?: object; firewall?: object }
}

/** The MCP servers of a session, with the test in the place of its agent. */
export interface TestMcp extends AsyncDisposable {
  run: Run
  forge: TestForge
  workspace: Workspace
  names: string[]
  tools(server: string): Promise<string[]>
  descriptions(server: string): Promise<string[]>
  call(server: string, tool: string, args?: object): Promise<CallResult>
  /** The same, as its text. */
  say(server: string, tool: string, args?: object): Promise<string>
  /** Ends the servers, as a session does when its agent is done. */
  end(): Promise<void>
  events<T extends EventType>(type: T): Promise<EventData[T][]>
}

export async function openTestMcp(options: TestMcpOptions): Promise<TestMcp> {
  const opened = new AsyncDisposableStack()
  try {
    return await open(options, opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function open(options: TestMcpOptions, opened: AsyncDisposableStack): Promise<TestMcp> {
  const { servers, customAgentServers, customAgentTools, values = {} } = options
  const mcp = { read_only_paths: [fixtureFolder, modulesFolder], ...options.settings?.mcp }
  const settings = { ...options.settings, mcp }
  const test = opened.use(await openTestRun({ prompt: 'x' }, { settings }))
  const { run } = test
  run.mask.hide(Object.values(values))
  const workspace = opened.use(await openWorkspace(run))
  const endpoints = openMcpEndpoints(run)
  const repository = await findRepository(run)
  const address = await listen(endpoints, opened)
  const configuration = CloudAgentConfiguration.parse({
    mcp_configuration: { mcpServers: servers },
    enabled_tools: {
      codeql: true,
      copilot_code_review: true,
      secret_scanning: true,
      dependency_vulnerability_checks: true,
    },
    require_actions_workflow_approval: true,
    is_firewall_enabled: true,
    is_firewall_recommended_allowlist_enabled: true,
    custom_allowlist: [],
    is_automations_enabled: true,
    require_write_access_for_automation_triggers: true,
    ...options.configuration,
  })
  const given = { environment: {}, mcp: values, secrets: Object.values(values) }
  const started = await openMcpServers(run, endpoints, {
    workspace,
    configuration,
    repository,
    values: given,
    ...(customAgentServers === undefined ? {} : { customAgentServers }),
    ...(customAgentTools === undefined ? {} : { customAgentTools }),
  })
  opened.use(started)
  const clients = new Map<string, Client>()
  async function clientOf(server: string): Promise<Client> {
    const known = clients.get(server)
    if (known !== undefined) return known
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${address}/${server}`)))
    clients.set(server, client)
    return client
  }
  const timeout = 120_000
  const test_: TestMcp = {
    run,
    forge: test.test.forge,
    workspace,
    names: endpoints.names(),
    async tools(server) {
      const { tools } = await (await clientOf(server)).listTools()
      return tools.map(({ name }) => name)
    },
    async descriptions(server) {
      const { tools } = await (await clientOf(server)).listTools()
      return tools.map(({ description }) => description ?? '')
    },
    async call(server, name, args = {}) {
      const client = await clientOf(server)
      const params = { name, arguments: { ...args } }
      return await client.request({ method: 'tools/call', params }, CallResult, { timeout })
    },
    async say(server, name, args) {
      const { content } = await test_.call(server, name, args)
      return content.map((item) => (typeof item.text === 'string' ? item.text : '')).join('')
    },
    end: async () => await started[Symbol.asyncDispose](),
    async events(type) {
      await run.recorder.flush()
      const query = { types: [type], limit: 1000 }
      const events = await lastEvents(run.context.store, run.lease.task.id, query)
      return events.map(({ data }) => data as EventData[typeof type])
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
  return test_
}

async function listen(
  endpoints: ReturnType<typeof openMcpEndpoints>,
  opened: AsyncDisposableStack,
): Promise<string> {
  const server = createServer((request, response) => {
    endpoints
      .handle((request.url ?? '').slice(1), request, response)
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  // It listens on TCP: its address has a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
