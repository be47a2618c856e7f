import { expect, it } from 'vitest'
import { builtinPrograms } from '../../index.ts'
import { call, finish, useCoder } from '../../testing/coder-stage.ts'
import { startMcpServer } from '../../testing/start-mcp-server.ts'

const coder = useCoder()

it('gives its model the tools of the MCP servers of the session', async () => {
  await using server = await startMcpServer()
  const sessionId = await coder.start(
    [call('sums__add', { a: 2, b: 40 }), call('sums__fail', {}), finish()],
    { mcpServers: [{ type: 'http', name: 'sums', url: server.url, headers: [] }] },
  )

  const answer = await coder.agent.prompt(sessionId, 'Add')

  expect(answer.stopReason).toBe('end_turn')
  expect(coder.model.turns[0]?.tools).toContain('sums__add')
  expect(coder.resultOf(1)).toBe('sum 42')
  expect(coder.resultOf(2)).toBe('it is broken')
  const told = coder.agent.updates.filter(({ sessionUpdate }) => sessionUpdate === 'tool_call')
  expect(told).toMatchObject([
    { title: 'sums: add', rawInput: { a: 2, b: 40 } },
    { title: 'sums: fail' },
  ])
})

it('takes one on standard streams, and gives it a name that every model takes', async () => {
  await using server = await startMcpServer()
  const bridge = {
    name: 'sums.of/a.very.long.name.that.nobody.would.give.to.a.server',
    command: process.execPath,
    args: [...builtinPrograms.nodeArguments, builtinPrograms.mcpBridgeEntry],
    env: [{ name: 'ERRAND_MCP_URL', value: server.url }],
  }
  const sessionId = await coder.start([finish()], { mcpServers: [bridge] })

  await coder.agent.prompt(sessionId, 'Add')

  const names = coder.model.turns[0]?.tools.filter((name) => name.startsWith('sums')) ?? []
  expect(names).toHaveLength(2)
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_]{1,64}$/)
})

it('says which server it could not use', async () => {
  const url = 'http://127.0.0.1:9/mcp'

  const begun = coder.start([], { mcpServers: [{ type: 'http', name: 'gone', url, headers: [] }] })

  await expect(begun).rejects.toThrow()
})
