import { join } from 'node:path'

import { type CloudAgentConfiguration, McpConfiguration, type McpServer } from '@errand/contract'
import type { SessionValues } from '@errand/core'

import { systemAuthorities } from '../firewall/certificate-files.ts'
import { reachable } from '../firewall/compose-policy.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'
import { openSessionFirewall, readCompanyAuthorities } from '../session-firewall.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type Connection, connectServer } from './connection.ts'
import type { McpEndpoints } from './endpoints.ts'
import { fillInValues, type ReadyServer } from './fill-in-values.ts'
import { forgeServerName, openForgeServer } from './forge-server/open-forge-server.ts'
import { limitTools } from './limit-tools.ts'
import { openLocalWay } from './local-way.ts'
import { type Playwright, playwrightServerName } from './playwright-server/prepare-playwright.ts'
import { isRemote, openRemoteWay } from './remote-way.ts'
import { startServer, tellFailed, tellServer } from './start-server.ts'
import type { ToolServer } from './tool-server.ts'

export interface McpServersOptions {
  workspace: Workspace
  configuration: CloudAgentConfiguration
  values: SessionValues
  repository: Repository
  /** Those of the session's custom agent. The repository's own come after them, and win (behaviour.md 3.3). */
  customAgentServers?: Readonly<Record<string, McpServer>>
  /** Absent: there is no built-in server of that name. */
  playwright?: Playwright | undefined
  /** The tools that agent may use, as `server/tool` or `server/*`. Default: all. */
  customAgentTools?: readonly string[]
}

/** Servers of one session. */
const mostServers = 20
/** Of ours: a server of that name would take what agents ask their user by. */
const ownName = 'errand'

/**
 * Starts the MCP servers of a session, side by side, and adds those that have started to its endpoints. One
 * that does not start is an event: the session goes on without it. All of them end when this is disposed of.
 */
export async function openMcpServers(
  run: Run,
  endpoints: McpEndpoints,
  options: McpServersOptions,
): Promise<AsyncDisposable> {
  const opened = new AsyncDisposableStack()
  opened.defer(() => endpoints.clear())
  const named = namedServers(run, options)
  if (run.context.settings.mcp.forge_server && !Object.hasOwn(named, forgeServerName)) {
    const forge = openForgeServer(run, options.repository)
    addTools(endpoints, forgeServerName, forge, options)
  }
  const { playwright } = options
  if (playwright !== undefined && !Object.hasOwn(named, playwrightServerName)) {
    // Loaded where there is a browser: a runner need not read at its start what tools one has.
    const { openPlaywrightServer } = await import('./playwright-server/open-playwright-server.ts')
    const server = opened.use(openPlaywrightServer(run, { ...options, playwright }))
    addTools(endpoints, playwrightServerName, server, options)
  }
  const starts = Object.entries(named).map(async ([name, server], at) => {
    try {
      await addServer(run, endpoints, opened, { ...server, ...options, name, at })
    } catch (error) {
      run.signal.throwIfAborted()
      tellFailed(run, name, error)
    }
  })
  const settled = await Promise.allSettled(starts)
  const stopped = settled.find((start) => start.status === 'rejected')
  if (stopped !== undefined) {
    await opened.disposeAsync()
    throw stopped.reason
  }
  await run.recorder.flush()
  return opened
}

interface NamedServer {
  definition: McpServer
  isCustomAgents: boolean
}

/** By name: what comes later takes the place of what is there (behaviour.md 3.3). */
function namedServers(
  run: Run,
  { configuration, customAgentServers = {} }: McpServersOptions,
): Record<string, NamedServer> {
  const repositorys = configuration.mcp_configuration?.mcpServers ?? {}
  const named = {
    ...checked(run, customAgentServers, true),
    ...checked(run, repositorys, false),
  }
  const entries = Object.entries(named)
  for (const [name] of entries.slice(mostServers)) {
    const message = `is left out: a session has ${mostServers} MCP servers at most`
    tellServer(run, name, { state: 'failed', message })
  }
  return Object.fromEntries(entries.slice(0, mostServers))
}

/** One by one, by the schema that the policy and the API go by. */
function checked(
  run: Run,
  servers: Readonly<Record<string, McpServer>>,
  isCustomAgents: boolean,
): Record<string, NamedServer> {
  const sound = Object.entries(servers).flatMap(([name, definition]) => {
    if (name === ownName) {
      tellServer(run, name, { state: 'failed', message: 'is left out: the name is taken' })
      return []
    }
    const parsed = McpConfiguration.safeParse({ mcpServers: { [name]: definition } })
    if (parsed.success) return [[name, { definition, isCustomAgents }] as const]
    const [issue] = parsed.error.issues
    const place = issue?.path.slice(2).join('.') ?? ''
    const message = `is not well-formed: ${place} ${issue?.message ?? ''}`
    tellServer(run, name, { state: 'failed', message })
    return []
  })
  return Object.fromEntries(sound)
}

async function addServer(
  run: Run,
  endpoints: McpEndpoints,
  opened: AsyncDisposableStack,
  given: McpServersOptions & NamedServer & { name: string; at: number },
): Promise<void> {
  const { name, definition, isCustomAgents, values, customAgentTools } = given
  const options = { hasExpressions: isCustomAgents }
  const server = fillInValues(definition, values.mcp, options)
  const isForAll = definition.tools === undefined
  const kept = await startServer(run, name, {
    connect: await openWays(run, opened, { ...given, server }),
    allowed: definition.tools,
    customAgentTools,
    signal: run.signal,
    ...(isForAll && { note: 'its configuration names no tools, which is taken for all of them' }),
  })
  opened.use(kept)
  addTools(endpoints, name, kept, given)
}

function addTools(
  endpoints: McpEndpoints,
  name: string,
  server: ToolServer,
  { customAgentTools }: McpServersOptions,
): ToolServer {
  const limited = limitTools(name, server, customAgentTools)
  // One of which nothing is left is none to the agent.
  if (limited.tools.length > 0 || limited === server) endpoints.add(name, limited)
  return limited
}

/** How the server is reached, each time it is started. */
async function openWays(
  run: Run,
  opened: AsyncDisposableStack,
  given: McpServersOptions & { server: ReadyServer; name: string; at: number },
): Promise<(signal: AbortSignal) => Promise<Connection>> {
  const { server } = given
  if (isRemote(server)) {
    const { firewall } = run.context.settings
    const company = await readCompanyAuthorities(run)
    const trusted = company === '' ? {} : { trusted: `${await systemAuthorities()}\n${company}` }
    const from = { mayReach: reachable(firewall.private_networks), ...trusted }
    return (signal) => connectServer(openRemoteWay(server, from), signal)
  }
  const { workspace, configuration, name, at } = given
  const mcpServer = { name, at }
  const firewall = await openSessionFirewall(run, { workspace, configuration, mcpServer })
  opened.use(firewall)
  const folder = join(workspace.dir, `mcp-${run.lease.attempt}-${at}`)
  // A checkout the agent works in can have a server do what the agent likes, by a file of git's or a module.
  const checkout = server.holdsValues ? {} : { checkoutDir: workspace.workspaceDir }
  return async (signal) => {
    const options = { folder, ...checkout, wayOut: firewall, signal }
    const way = await openLocalWay(run, server, options)
    return await connectServer(way, signal)
  }
}
