import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { McpServer } from '@errand/contract'
import { expect, it } from 'vitest'

import { fixtureServer, modulesFolder, openTestMcp } from './testing/open-test-mcp.ts'

/** A server from npm, as it is installed here. */
function fromNpm(name: string, ...args: string[]): McpServer {
  const program = join(modulesFolder, '@modelcontextprotocol', name, 'dist', 'index.js')
  return { type: 'local', command: 'node', args: [program, ...args], tools: ['*'] }
}

it('starts servers from npm, each in a box of its own, and hands their tools on', async () => {
  await using mcp = await openTestMcp({
    servers: {
      everything: fromNpm('server-everything'),
      files: fromNpm('server-filesystem', '/workspace'),
      memory: {
        ...fromNpm('server-memory'),
        env: { MEMORY_FILE_PATH: '/home/agent/memory.jsonl' },
        tools: ['create_entities', 'read_graph'],
      },
    },
  })
  await writeFile(join(mcp.workspace.workspaceDir, 'hello.txt'), 'hello from the checkout')

  const sum = await mcp.say('everything', 'get-sum', { a: 2, b: 40 })
  const read = await mcp.say('files', 'read_text_file', { path: '/workspace/hello.txt' })
  const entities = [{ name: 'errand', entityType: 'program', observations: ['runs'] }]
  await mcp.call('memory', 'create_entities', { entities })
  const graph = await mcp.say('memory', 'read_graph')

  expect(sum).toContain('42')
  expect(read).toContain('hello from the checkout')
  expect(graph).toContain('errand')
  expect(await mcp.tools('memory')).toEqual(['create_entities', 'read_graph'])
  const started = await mcp.events('mcp.server')
  expect(started.map(({ server, state }) => `${server} ${state}`).sort()).toEqual([
    'everything started',
    'files started',
    'memory started',
  ])
  const [call] = await mcp.events('mcp.call')
  expect(call).toMatchObject({
    server: 'everything',
    tool: 'get-sum',
    arguments: { a: 2, b: 40 },
    status: 'completed',
  })
})

it('fills in what the configuration names, and nothing of it is told', async () => {
  await using mcp = await openTestMcp({
    servers: {
      one: fixtureServer({
        env: { TOKEN: '$COPILOT_MCP_TOKEN', PLACE: '${COPILOT_MCP_PLACE:-nowhere}' },
      }),
    },
    values: { COPILOT_MCP_TOKEN: 'secret-of-one' },
  })
  const command =
    'test "$TOKEN" = "secret-of-$(echo one)" && echo same; echo "at $PLACE with $TOKEN"; pwd; ls -A . /workspace'

  const said = await mcp.say('one', 'sh', { command })

  expect(said).toContain('same')
  expect(said).toContain('at nowhere with ***')
  expect(said).toContain('/home/agent')
  expect(JSON.stringify(await mcp.events('mcp.call'))).not.toContain('secret-of-one')
})

it('goes on without a server that does not start, and says why', async () => {
  await using mcp = await openTestMcp({
    servers: {
      absent: { type: 'local', command: 'not-installed', args: ['run', 'x'], tools: ['*'] },
      silent: fixtureServer({}, '--silent'),
      unset: fixtureServer({ env: { TOKEN: '$COPILOT_MCP_NOT_THERE' } }),
      errand: fixtureServer(),
      good: fixtureServer(),
    },
    settings: { mcp: { start_seconds: 20 } },
  })

  expect(mcp.names).toEqual(['forge', 'good'])
  const failed = (await mcp.events('mcp.server')).filter(({ state }) => state === 'failed')
  expect(Object.fromEntries(failed.map(({ server, message }) => [server, message]))).toEqual({
    absent: 'could not be started: there is no not-installed in the sandbox',
    silent: 'did not answer within 20 s',
    unset:
      'it needs COPILOT_MCP_NOT_THERE, which is neither a secret nor a variable of the repository',
    errand: 'is left out: the name is taken',
  })
})

it('takes the repository’s server before the custom agent’s of the same name', async () => {
  await using mcp = await openTestMcp({
    servers: { both: fixtureServer({ env: { WHOSE: 'the repository’s' } }) },
    customAgentServers: {
      both: fixtureServer({ env: { WHOSE: 'the agent’s' } }),
      own: fixtureServer({ env: { TOKEN: '${{ secrets.COPILOT_MCP_TOKEN }}' } }),
    },
    values: { COPILOT_MCP_TOKEN: 'secret-of-own' },
  })

  expect(await mcp.say('both', 'sh', { command: 'echo $WHOSE' })).toBe('the repository’s\n')
  const command = 'printf %s "$TOKEN" | wc -c; echo "$TOKEN"'
  expect(await mcp.say('own', 'sh', { command })).toBe('13\n***\n')
})

it('leaves a custom agent the tools that it lists, and of other servers none', async () => {
  await using mcp = await openTestMcp({
    servers: { whole: fixtureServer(), part: fixtureServer(), other: fixtureServer() },
    customAgentTools: ['whole/*', 'part/sh'],
  })

  expect(mcp.names.toSorted()).toEqual(['part', 'whole'])
  expect(await mcp.tools('part')).toEqual(['sh'])
  expect(await mcp.tools('whole')).toContain('environments')
  expect(await mcp.say('part', 'environments')).toContain('has no tool of that name')
})

it('starts a server that has ended once more, and no third time', async () => {
  await using mcp = await openTestMcp({ servers: { mortal: fixtureServer() } })

  const died = await mcp.say('mortal', 'die')
  const alive = await mcp.say('mortal', 'sh', { command: 'echo alive' })
  await mcp.say('mortal', 'die')
  const dead = await mcp.say('mortal', 'sh', { command: 'echo alive' })

  const why = 'ended with exit code 3; it said: I have had enough of this'
  expect(died).toBe(`The server mortal ${why}.`)
  expect(alive).toBe('alive\n')
  expect(dead).toContain(`The server mortal ${why}`)
  const told = await mcp.events('mcp.server')
  expect(told.slice(1)).toEqual([
    { server: 'mortal', state: 'ended', message: `${why}; it was started again` },
    { server: 'mortal', state: 'ended', message: why },
  ])
})

it('shows the checkout to be looked at, and to no server that holds a secret', async () => {
  await using mcp = await openTestMcp({
    servers: {
      plain: fixtureServer(),
      trusted: fixtureServer({ env: { TOKEN: '$COPILOT_MCP_TOKEN' } }),
    },
    values: { COPILOT_MCP_TOKEN: 'secret-of-trusted' },
  })
  await mkdir(join(mcp.workspace.workspaceDir, 'src'))
  const command = 'ls /workspace; echo x > /workspace/planted 2>&1 || echo refused'

  const plain = await mcp.say('plain', 'sh', { command })
  const trusted = await mcp.say('trusted', 'sh', { command: 'ls -A /workspace' })

  expect(plain).toContain('src')
  expect(plain).toContain('refused')
  expect(trusted).toBe('')
})
