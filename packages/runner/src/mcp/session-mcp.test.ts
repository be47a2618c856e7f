import { join } from 'node:path'

import { changeRepositoryConfiguration, steerTask } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { eventually } from '../testing/eventually.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'
import { ownerId, repositoryId } from '../testing/test-forge.ts'
import { fixtureFolder, fixtureServer, modulesFolder } from './testing/open-test-mcp.ts'

let test: TestRunner

beforeAll(async () => {
  const mcp = { read_only_paths: [fixtureFolder, modulesFolder] }
  test = await startTestRunner({
    settings: fixtureSettings({ mcp, sessions: { live_wait_seconds: 0.5 } }),
  })
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

it('starts them anew for a session that was put away, and its agent calls them again', async () => {
  const call = { mcp: 'own', tool: 'sh', arguments: { command: 'ls -A ~; touch ~/left' } }
  const later = JSON.stringify([call, { run: 'echo x > a.txt' }])
  const steps = [call, { run: `echo '${later}' > ~/next.json` }, { ask: 'Go on?' }]
  const id = await test.add(fixtureTask(steps))
  await eventually(async () => {
    const [session] = (await test.untilState(id, 'waiting_for_user')).sessions
    expect(session).toMatchObject({ put_away: true })
  })

  const by = { id: 42, login: 'ada' }
  await steerTask(test.store, id, { type: 'ask_user_response', content: 'yes', by })
  const { state, sessions } = await test.untilEnded(id)

  expect([state, sessions[0]?.attempt]).toEqual(['completed', 2])
  const events = await test.events(id)
  const started = events.filter(({ type, data }) => type === 'mcp.server' && data.server === 'own')
  expect(started.map(({ data }) => data.state)).toEqual(['started', 'started'])
  // The home of a server that is started is empty.
  const calls = events.filter(({ type }) => type === 'mcp.call').map(({ data }) => data)
  expect(calls).toMatchObject([
    { server: 'own', status: 'completed', output: '' },
    { server: 'own', status: 'completed', output: '' },
  ])
})

it('tells whoever gives the work to an agent that uses none that none were started', async () => {
  const id = await test.add({ prompt: 'Change\n\n```sh\necho x > b.txt\n```\n' })
  await test.untilEnded(id)
  const events = await test.events(id)

  expect(events.filter(({ type }) => type === 'mcp.server')).toEqual([])
  expect(events.map(({ data }) => data.message)).toContain(
    'The agent script uses no MCP servers: everything, own were not started.',
  )
})
