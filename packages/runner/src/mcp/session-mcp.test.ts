import { join } from 'node:path'

import { changeRepositoryConfiguration } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'
import { ownerId, repositoryId } from '../testing/test-forge.ts'
import { fixtureFolder, fixtureServer, modulesFolder } from './testing/open-test-mcp.ts'

let test: TestRunner

beforeAll(async () => {
  const mcp = { read_only_paths: [fixtureFolder, modulesFolder] }
  test = await startTestRunner({ settings: fixtureSettings({ mcp }) })
  const program = join(modulesFolder, '@modelcontextprotocol/server-everything/dist/index.js')
  const repository = {
    id: repositoryId,
    full_name: test.forge.fullName,
    owner: { id: ownerId, login: 'acme' },
  }
  await changeRepositoryConfiguration(test.store, repository, { id: 42, login: 'ada' }, () => ({
    mcp_configuration: {
      mcpServers: {
        everything: { type: 'local', command: 'node', args: [program], tools: ['echo'] },
        own: fixtureServer(),
      },
    },
  }))
})
afterAll(() => test?.[Symbol.asyncDispose]())

async function work(
  task: Parameters<typeof fixtureTask>[1],
  ...steps: Parameters<typeof fixtureTask>[0]
) {
  const id = await test.add(fixtureTask([...steps, { run: 'echo x > a.txt' }], task))
  const { state } = await test.untilEnded(id)
  const events = await test.events(id)
  const said = events
    .filter(({ type }) => type === 'assistant.message')
    .map(({ data }) => String(data.content))
    .join('')
  return { state, events, said }
}

it.each(['fixture', 'fixture-http'])(
  'gives the agent %s its repository’s servers, by the way it knows',
  async (agent) => {
    const { state, events, said } = await work(
      { agent },
      { mcp: 'everything', tool: 'echo', arguments: { message: 'by ' + agent } },
      { mcp: 'everything', tool: 'get-sum', arguments: { a: 1, b: 2 } },
      { mcp: 'forge', tool: 'get_repository' },
      { mcp: 'own', tool: 'sh', arguments: { command: 'ls /workspace' } },
    )

    expect(state).toBe('completed')
    expect(said).toContain(`Echo: by ${agent}`)
    expect(said).toContain('no tool of that name')
    expect(said).toContain('README.md')
    const calls = events.filter(({ type }) => type === 'mcp.call').map(({ data }) => data)
    expect(calls.map(({ server, tool, status }) => [server, tool, status].join(' '))).toEqual([
      'everything echo completed',
      'everything get-sum failed',
      'forge get_repository failed',
      'own sh completed',
    ])
  },
)

it('tells whoever gives the work to an agent that uses none that none were started', async () => {
  const id = await test.add({ prompt: 'Change\n\n```sh\necho x > b.txt\n```\n' })
  await test.untilEnded(id)
  const events = await test.events(id)

  expect(events.filter(({ type }) => type === 'mcp.server')).toEqual([])
  expect(events.map(({ data }) => data.message)).toContain(
    'The agent script uses no MCP servers: everything, own were not started.',
  )
})
