import { z } from 'zod'
import { type McpServer, mcpServersOf } from '../configuration.ts'
import { AllowedServer } from '../mcp/allowed-server.ts'
import { isAllowedServer } from '../mcp/is-allowed-server.ts'
import { defineRule, type Finding } from '../rule.ts'

export const mcpAllowedServers = defineRule({
  id: 'mcp-allowed-servers',
  title: 'MCP servers are allowed ones only',
  explanation:
    'An MCP server runs outside the firewall with the secrets it is given. Each must be allowed by its name, its command (with what its arguments begin with), its image or its URL. A name alone allows whatever is called so. A command like `npx` alone allows any package. An image is recognised only where a container engine of the system runs it, and the container is given nothing else, such as a folder of the machine. Where `env` sets `PATH` or `LD_*`, a command may be another program and is not recognised.',
  defaultSeverity: 'error',
  parameters: z.strictObject({
    allow: z.array(AllowedServer).describe('The servers that may be configured; [] allows none'),
  }),
  check(configuration, { allow }) {
    return mcpServersOf(configuration).flatMap(([name, server]): Finding[] => {
      if (allow.some((allowed) => isAllowedServer(allowed, name, server))) return []
      const path = ['mcp_configuration', 'mcpServers', name]
      const message = `The MCP server \`${name}\` is not allowed by the policy.`
      return [{ path, subject: `${name} ${definitionOf(server)}`, message }]
    })
  },
  fix(configuration, { allow }) {
    if (configuration.mcp_configuration?.mcpServers === undefined) return configuration
    const kept = mcpServersOf(configuration).filter(([name, server]) =>
      allow.some((allowed) => isAllowedServer(allowed, name, server)),
    )
    return { ...configuration, mcp_configuration: { mcpServers: Object.fromEntries(kept) } }
  },
})

/** A baseline accepts what a server is today, not whatever is called so tomorrow. */
function definitionOf({ type, command, args, url }: McpServer): string {
  return JSON.stringify([type, command, args, url])
}
