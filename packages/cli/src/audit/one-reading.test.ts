import { CloudAgentConfiguration, defaultConfiguration } from '@errand/contract'
import { readConfiguration } from '@errand/policy'
import {
  array,
  assert as check,
  constantFrom,
  dictionary,
  jsonValue,
  property,
  record,
} from 'fast-check'
import { expect, it } from 'vitest'

it('what the API lets be written a policy can judge, and what is beside the servers neither takes', () => {
  const server = record({
    type: constantFrom('local', 'stdio', 'http', 'sse', 'other'),
    command: constantFrom('npx', ''),
    args: array(constantFrom('-y', '$COPILOT_MCP_A', '$HOME')),
    url: constantFrom('https://x.example/', 'file:///x', '$COPILOT_MCP_URL'),
    tools: array(constantFrom('*', 'a')),
    more: jsonValue(),
  })
  const servers = dictionary(constantFrom('a', 'b', 'x y', 'constructor'), server)
  const beside = dictionary(constantFrom('servers', 'inputs'), jsonValue())
  const mcp = record({ mcpServers: servers, beside }).map(({ mcpServers, beside: others }) => ({
    mcpServers,
    ...others,
  }))
  check(
    property(mcp, (mcp_configuration) => {
      const written = CloudAgentConfiguration.safeParse({
        ...defaultConfiguration,
        mcp_configuration,
      })
      const judged = readConfiguration({ ...defaultConfiguration, mcp_configuration })
      const isJudged = !('reason' in judged)

      expect(isJudged).toBe(Object.keys(mcp_configuration).length === 1)
      // What the API takes is never what a policy cannot judge.
      expect(written.success && !isJudged).toBe(false)
    }),
  )
})
