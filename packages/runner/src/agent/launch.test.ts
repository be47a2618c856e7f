import { AgentFile, Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { describeBuiltin, describeEntry, restrict } from './descriptor.ts'
import { composeLaunch } from './launch.ts'

const settings = Settings.parse({
  upstreams: { up: { wire: 'openai', base_url: 'http://up/v1' } },
  models: [{ id: 'large', upstream: 'up', context_window: 9000 }],
})
// Both are named above.
const model = settings.models[0]!
const upstream = settings.upstreams.up!
const programs = {
  agents: {},
  lockFolders: {},
  askServerEntry: '/errand/ask.js',
  mcpBridgeEntry: '/errand/bridge.js',
  nodeArguments: ['--quiet'],
  readOnlyPaths: ['/errand'],
}
const gateway = 'http://gateway/s/token'

function launch(entry: object, { deny = [] as 'fetch'[] } = {}) {
  const parsed = AgentFile.parse({ command: 'goose', ...entry })
  const descriptor = describeEntry('goose', parsed, undefined, { programs, permissions: { deny } })
  return composeLaunch(descriptor, gateway, { model, upstream })
}

it('fills an entry in by the API that agent and model have in common', () => {
  const launched = launch({
    args: ['--model', '${model}', { limit: '${context_window}' }],
    env: { URL: '${gateway}/${path}' },
    settings_files: { '.goose/settings.json': { kind: '${api}' } },
    apis: { messages: { path: 'anthropic' }, responses: { path: 'openai/v1' } },
    authenticate: { method_id: 'key', meta: { url: '${gateway}' } },
  })

  expect(launched).toMatchObject({
    args: ['--model', 'large', '{"limit":9000}'],
    env: { URL: `${gateway}/openai/v1`, ERRAND_MODEL_API: 'responses', ERRAND_MODEL: 'large' },
    settingsFiles: { '.goose/settings.json': '{"kind":"responses"}' },
    authenticate: { methodId: 'key', _meta: { url: gateway } },
    mcpServers: [],
  })
})

it('gives the tool for questions to an agent that cannot ask, by the way that it takes', () => {
  const own = { args: [{ run: '${ask_command}', with: '${ask_args}' }], takes_mcp_servers: false }

  const told = launch({ asks: 'mcp' })
  const configured = launch({ asks: 'mcp', ...own })

  expect(told.mcpServers).toMatchObject([{ name: 'errand', args: ['--quiet', '/errand/ask.js'] }])
  expect(configured.mcpServers).toEqual([])
  expect(JSON.parse(configured.args[0] ?? '')).toEqual({
    run: process.execPath,
    with: ['--quiet', '/errand/ask.js'],
  })
})

it('starts an agent that may be told no in the mode in which it asks', () => {
  const entry = { args: ['--yolo'], mode: 'free', restricted: { args: ['--ask'], mode: 'asking' } }

  expect(launch(entry)).toMatchObject({ args: ['--yolo'], mode: 'free' })
  expect(launch(entry, { deny: ['fetch'] })).toMatchObject({ args: ['--ask'], mode: 'asking' })
})

it('starts an agent anew in that mode where somebody else than the settings may say no', () => {
  const entry = {
    args: ['--yolo'],
    env: { A: '1' },
    restricted: { args: ['--ask'], env: { B: '2' } },
  }
  const parsed = AgentFile.parse({ command: 'goose', ...entry })
  const options = { programs, permissions: { deny: [] } }

  const restricted = restrict(describeEntry('goose', parsed, undefined, options))

  expect(restricted).toMatchObject({ args: ['--ask'], env: { A: '1', B: '2' }, command: 'goose' })
  expect(composeLaunch(restricted, gateway, { model, upstream }).args).toEqual(['--ask'])
})

it('has an agent that comes with Errand ask where it may be told no', () => {
  const own = {
    entry: '/errand/coder.js',
    asks: 'elicitation' as const,
    takesMcpServers: true,
    isVerbatim: false,
    readsInstructions: ['AGENTS.md' as const],
  }
  const coder = describeBuiltin({ ...programs, agents: { coder: own } }, 'coder')
  if (coder === undefined) throw new Error('there is no coder')

  expect(coder.env).toEqual({})
  expect(restrict(coder).env).toEqual({ ERRAND_ASK_PERMISSION: '1' })
  expect(coder.readsInstructions).toEqual(['AGENTS.md'])
})

it('refuses a model the agent cannot speak to, in words', () => {
  expect(() => launch({ apis: { messages: {} } })).toThrow(
    'The agent goose cannot speak to the model large: it knows messages.',
  )
})
