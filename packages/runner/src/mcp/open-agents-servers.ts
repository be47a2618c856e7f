import type { CustomAgent } from '@errand/core'

import type { AgentDescriptor } from '../agent/descriptor.ts'
import { mayUseMcp } from '../agent/launch.ts'
import type { Run } from '../run/run.ts'
import type { McpEndpoints } from './endpoints.ts'
import { type McpServersOptions, openMcpServers } from './open-mcp-servers.ts'

export interface AgentsServers extends Omit<
  McpServersOptions,
  'customAgentServers' | 'customAgentTools'
> {
  descriptor: AgentDescriptor
  customAgent: CustomAgent | undefined
  mcpEndpoints: McpEndpoints
}

/**
 * Opens the MCP servers of a session for its agent. They live as long as that, which is told of those that have
 * started. Where it cannot use any, the session's log says which are not started.
 */
export async function openAgentsServers(
  run: Run,
  { descriptor, customAgent, mcpEndpoints, ...options }: AgentsServers,
): Promise<AsyncDisposable> {
  if (mayUseMcp(descriptor)) {
    return await openMcpServers(run, mcpEndpoints, {
      ...options,
      ...(customAgent && { customAgentServers: customAgent.mcpServers }),
      ...(customAgent?.tools && { customAgentTools: customAgent.tools.mcp }),
    })
  }
  const configured = Object.keys({
    ...customAgent?.mcpServers,
    ...options.configuration.mcp_configuration?.mcpServers,
  }).toSorted()
  if (configured.length > 0) {
    const message = `The agent ${descriptor.name} uses no MCP servers: ${configured.join(', ')} were not started.`
    await run.say(message, 'warning')
  }
  return new AsyncDisposableStack()
}
