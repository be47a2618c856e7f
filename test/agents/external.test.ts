import { afterAll, beforeAll, expect, it } from 'vitest'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Event, Settings } from '@errand/contract'
import { eventually } from '../support/eventually.ts'
import { listPulls } from '../support/pulls.ts'
import {
  type ModelApi,
  type ScriptedModel,
  scriptedModelKeyVariable,
  startScriptedModel,
} from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, createTask, eventsOf, getTask, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { greet, prompts } from './scripted-work.ts'

/** Where script/agents has installed them. */
const installed = fileURLToPath(new URL('../../.agents/agents', import.meta.url))

interface Case {
  agent: string
  api: ModelApi | 'generate_content'
  /** Whether it takes its conversation up again. */
  remembers?: boolean
}

/** Each agent as it is usually used, and those that speak several APIs by each. */
const all: Case[] = [
  { agent: 'codex', api: 'responses' },
  { agent: 'claude-code', api: 'messages' },
  { agent: 'gemini', api: 'generate_content', remembers: false },
  { agent: 'opencode', api: 'chat_completions' },
  { agent: 'opencode', api: 'messages' },
  { agent: 'opencode', api: 'responses' },
  { agent: 'copilot', api: 'chat_completions' },
  { agent: 'copilot', api: 'messages' },
  { agent: 'copilot', api: 'responses' },
]

const places = {
  messages: { wire: 'anthropic', version: 'v1' },
  responses: { wire: 'openai', version: 'v1' },
  chat_completions: { wire: 'openai', version: 'v1' },
  generate_content: { wire: 'gemini', version: 'v1beta' },
} as const

/** The gateway of this checkout speaks these. */
const cases = all.filter(({ api }) => {
  const up = { wire: places[api].wire, base_url: 'http://127.0.0.1' }
  return Settings.safeParse({ upstreams: { up } }).success
})

/** Tokens of a turn: no two turns alike, so that none can stand for another. */
const tokensOf = (turn: number) => ({ input: 100 + turn, output: 20 + 3 * turn })

const stack = new AsyncDisposableStack()
let errand: Errand
const models = new Map<string, ScriptedModel>()
const idOf = ({ agent, api }: Case): string => `${agent}-${api}`

beforeAll(async () => {
  const folder = stack.use(await createTempFolder('agents'))
  const dataDir = join(folder.path, 'data')
  await mkdir(dataDir)
  await symlink(installed, join(dataDir, 'agents'))
  const upstreams: Record<string, object> = {}
  const settings: object[] = []
  for (const one of cases) {
    const id = idOf(one)
    const model = stack.use(await startScriptedModel(greet, { tokens: tokensOf }))
    models.set(id, model)
    const { agent, api } = one
    upstreams[id] = {
      wire: places[api].wire,
      base_url: `${model.url}/${places[api].version}`,
      api_key_env: scriptedModelKeyVariable,
    }
    settings.push({ id, upstream: id, api, agent })
  }
  errand = stack.use(
    await startErrand({
      dataDir,
      settings: {
        upstreams,
        models: settings,
        runner: { concurrency: 2, install_agents: false },
        sandbox: { memory_mb: 2048 },
      },
    }),
  )
  await errand.addRepository('acme/sums')
})
afterAll(() => stack.disposeAsync())

it.each(cases)(
  '$agent works on a task to its end by $api: it asks, edits, is followed up, and each token is counted',
  async (one) => {
    const { client } = errand
    const task = await createTask(client, 'acme/sums', {
      prompt: prompts.task,
      model: idOf(one),
      create_pull_request: true,
    })
    await untilState(client, task.id, 'waiting_for_user', { timeoutMs: 90_000 })
    const params = { task_id: task.id }
    await client.call('steerTask', { params, body: { content: prompts.answer } })
    const first = await untilState(client, task.id, 'completed', { timeoutMs: 90_000 })
    const steered = await client.call('steerTask', { params, body: { content: prompts.followUp } })
    const second = await untilState(client, task.id, 'completed', { timeoutMs: 90_000 })
    const events = await eventsOf(client, task.id)
    const counted = countedIn(events)
    const sent = sum(models.get(idOf(one))?.sent ?? [])
    const diff = await client.call('getTaskDiff', { params })

    expect(steered.outcome).toBe('new_session')
    expect(second.session_count).toBe(2)
    expect(diff).toContain('+Hej, verden')
    expect(diff).toContain('+Errand')
    const number = artifactOf(first, 'pull')?.number
    expect(artifactOf(second, 'pull')?.number).toBe(number)
    const pulls = await listPulls(client, 'acme/sums')
    expect(pulls.filter((pull) => pull.number === number)).toHaveLength(1)
    const types = events.map(({ type }) => type)
    expect(types).toContain('session.sandbox')
    expect(types.filter((type) => type === 'elicitation.completed')).toHaveLength(1)
    const isToldAnew = JSON.stringify(events).includes('told anew')
    expect(isToldAnew).toBe(one.remembers === false)
    expect(counted).toEqual(sent)

    // The others do not tell which command a call begins with: there is nothing to wait for.
    if (['copilot', 'gemini'].includes(one.agent)) await hearsWhatIsSaidMeanwhile(task.id)
  },
  240_000,
)

/** In a session of its own: a message that comes while a tool runs takes effect after it. */
async function hearsWhatIsSaidMeanwhile(id: string): Promise<void> {
  const { client } = errand
  const params = { task_id: id }
  const ofSession = async () => {
    const session = (await getTask(client, id)).sessions.at(-1)?.id
    return (await eventsOf(client, id)).filter(({ session_id: own }) => own === session)
  }
  await client.call('steerTask', { params, body: { content: prompts.wait } })
  await eventually(async () => {
    const started = (await ofSession()).filter(({ type }) => type === 'tool.execution_start')
    expect(JSON.stringify(started)).toContain('until [ -e go ]')
  })

  const { outcome } = await client.call('steerTask', {
    params,
    body: { content: prompts.meanwhile },
  })
  const workspaces = join(errand.dataDir, 'workspaces')
  const session = (await getTask(client, id)).sessions.at(-1)?.id ?? ''
  const workspace = (await readdir(workspaces)).find((name) => name.startsWith(session)) ?? ''
  await writeFile(join(workspaces, workspace, 'workspace', 'go'), '')
  await untilState(client, id, 'completed', { timeoutMs: 90_000 })

  expect(outcome).toBe('queued')
  const events = await ofSession()
  const waiting = events.find(({ type }) => type === 'tool.execution_start')?.data.tool_call_id
  const ended = events.find(
    ({ type, data }) => type === 'tool.execution_complete' && data.tool_call_id === waiting,
  )
  expect(ended?.data.status).toBe('completed')
  const said = events.filter(({ type }) => type === 'assistant.message')
  expect(said.map(({ data }) => data.content).join('')).toContain('The gap is minded.')
}

function countedIn(events: readonly Event[]) {
  const used = events.filter(({ type }) => type === 'assistant.usage')
  return sum(
    used.map(({ data }) => ({
      input: Number(data.input_tokens),
      output: Number(data.output_tokens),
    })),
  )
}

function sum(tokens: readonly { input: number; output: number }[]) {
  const none = { calls: 0, input: 0, output: 0 }
  return tokens.reduce<typeof none>(
    (total, { input, output }) => ({
      calls: total.calls + 1,
      input: total.input + input,
      output: total.output + output,
    }),
    none,
  )
}
