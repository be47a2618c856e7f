import { z } from 'zod'
import { mcpServersOf } from '../configuration.ts'
import { defineRule, type Finding } from '../rule.ts'

export const mcpToolsListed = defineRule({
  id: 'mcp-tools-listed',
  title: 'Every MCP server lists the tools an agent may use',
  explanation:
    'Tools are used without asking. With `"tools": ["*"]`, and without `tools`, which means the same, a server that gets a new tool gives it to every agent. Name the tools that are needed.',
  defaultSeverity: 'error',
  parameters: z.strictObject({}),
  check(configuration) {
    return mcpServersOf(configuration).flatMap(([name, { tools }]): Finding[] => {
      const isListed =
        Array.isArray(tools) &&
        tools.every((tool) => typeof tool === 'string' && tool.trim() !== '*')
      if (isListed) return []
      const message =
        tools === undefined
          ? `The MCP server \`${name}\` has no \`tools\`, which allows all of them.`
          : `The MCP server \`${name}\` allows all its tools.`
      return [{ path: ['mcp_configuration', 'mcpServers', name, 'tools'], subject: name, message }]
    })
  },
})
