import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { State, Task } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { listPulls } from '../support/pulls.ts'
import { run } from '../support/run.ts'
import { finish, type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'

// Another agent delegates: the official MCP client drives `errand mcp`, a process of its own, and the
// server's own endpoint; so does the inspector, by the part of it that needs no browser.

const inspector = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector-cli')
const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

let model: ScriptedModel
let errand: Errand
let client: Client
const clients = new Map<string, Client>()

beforeAll(async () => {
  model = await startScriptedModel(({ result }) => {
    if (result === '') return { call: [['ask_user', { question: 'Which colour?' }]] }
    if (result.includes('COLOUR.md')) return finish('Paint')
    return { call: [['write_file', { path: 'COLOUR.md', content: `${result}\n` }]] }
  })
  errand = await startErrand({ model })
  await errand.addRepository('acme/sums')
  const stdio = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp'],
    env: { ERRAND_URL: errand.url, ERRAND_TOKEN: errand.token, HOME: '/nonexistent' },
  })
  const http = new StreamableHTTPClientTransport(new URL('/mcp', errand.url), {
    requestInit: { headers: { authorization: `Bearer ${errand.token}` } },
  })
  for (const [name, transport] of Object.entries({ stdio, http })) {
    const connected = new Client({ name: 'test', version: '1' })
    await connected.connect(transport)
    clients.set(name, connected)
  }
})
afterAll(async () => {
  for (const connected of clients.values()) await connected.close()
  await errand?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

async function use(name: string, args: object): Promise<{ isError: boolean; text: string }> {
  const answer = await client.callTool({ name, arguments: { ...args } })
  const [content] = answer.content as { text: string }[]
  return { isError: answer.isError === true, text: content?.text ?? '' }
}

async function useFor<T>(name: string, args: object): Promise<T> {
  const { isError, text } = await use(name, args)
  if (isError) throw new Error(text)
  return JSON.parse(text) as T
}

async function untilState(task_id: string, state: State): Promise<Task & { question?: string }> {
  return eventually(
    async () => {
      const task = await useFor<Task & { question?: string }>('get_agent_task', { task_id })
      expect(task.state).toBe(state)
      return task
    },
    { timeoutMs: 45_000, what: `state ${state}` },
  )
}

describe.each(['stdio', 'http'])('an agent that delegates by MCP over %s', (name) => {
  beforeAll(() => {
    // Connected above.
    client = clients.get(name)!
  })

  it('starts a task, looks at it, and finds its pull request', async () => {
    const { tools } = await client.listTools()
    const before = await listPulls(errand.client, 'acme/sums')
    const started = await useFor<Task>('start_agent_task', {
      repository: 'acme/sums',
      prompt: scriptPrompt('echo delegated >> README.md', 'Delegate'),
      model: 'script',
    })
    const ended = await untilState(started.id, 'completed')
    const { tasks } = await useFor<{ tasks: Task[] }>('list_agent_tasks', {
      repository: 'acme/sums',
      state: ['completed'],
    })

    expect(tools.map(({ name }) => name)).toEqual([
      'start_agent_task',
      'list_agent_tasks',
      'get_agent_task',
      'answer_agent_task',
      'cancel_agent_task',
    ])
    expect(ended.artifacts?.map(({ type }) => type)).toEqual(['branch', 'pull'])
    expect(tasks.map(({ id }) => id)).toContain(started.id)
    expect(await listPulls(errand.client, 'acme/sums')).toHaveLength(before.length + 1)
  })

  it('is told what a task asks, and answers it', async () => {
    const { id: task_id } = await useFor<Task>('start_agent_task', {
      repository: 'acme/sums',
      prompt: 'Paint it',
      model: 'scripted',
      create_pull_request: false,
    })
    const waiting = await untilState(task_id, 'waiting_for_user')
    await useFor('answer_agent_task', { task_id, text: 'Blue' })
    await untilState(task_id, 'completed')

    expect(waiting.question).toBe('Which colour?')
    const diff = await errand.client.call('getTaskDiff', { params: { task_id } })
    expect(diff).toContain('Blue')
  })

  it('cancels a task', async () => {
    const { id: task_id } = await useFor<Task>('start_agent_task', {
      repository: 'acme/sums',
      prompt: scriptPrompt('sleep 300', 'Sleep'),
      model: 'script',
    })

    await useFor('cancel_agent_task', { task_id })

    await untilState(task_id, 'cancelled')
  })

  it.each([
    ['start_agent_task', { repository: 'acme/none', prompt: 'p' }, /no such thing/],
    ['start_agent_task', { repository: 'nonsense', prompt: 'p' }, /is not a repository/],
    ['start_agent_task', { repository: 'acme/sums', prompt: 'p', model: 'gpt-0' }, /gpt-0/],
    ['get_agent_task', { task_id: 'x' }, /task_id|uuid/i],
  ])('is told what is wrong: %s %j', async (name, args, message) => {
    const answer = await use(name, args).catch((error: unknown) => ({
      isError: true,
      text: String(error),
    }))

    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(message)
  })
})

describe.each(['stdio', 'http'])('the MCP inspector over %s', (name) => {
  const inspect = async (method: string, ...more: string[]): Promise<unknown> => {
    const target =
      name === 'stdio'
        ? [process.execPath, program, 'mcp']
        : [
            `${errand.url}/mcp`,
            '--transport',
            'http',
            '--header',
            `Authorization: Bearer ${errand.token}`,
          ]
    const args = [inspector, '--cli', ...target, '--method', method, ...more]
    const env = {
      // It starts a `node` of its own.
      PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      HOME: '/nonexistent',
      ERRAND_URL: errand.url,
      ERRAND_TOKEN: errand.token,
    }
    // It finds its own package.json only from the folder it lies in.
    return JSON.parse(await run(process.execPath, args, { cwd: dirname(inspector), env }))
  }

  it('lists the tools with what they take, and calls one', async () => {
    const { tools } = (await inspect('tools/list')) as {
      tools: { name: string; inputSchema: object }[]
    }
    const called = await inspect(
      'tools/call',
      '--tool-name',
      'list_agent_tasks',
      '--tool-arg',
      'repository=acme/sums',
    )

    expect(tools).toHaveLength(5)
    expect(tools.find((tool) => tool.name === 'start_agent_task')?.inputSchema).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['repository', 'prompt']),
    })
    expect(called).toMatchObject({
      content: [{ type: 'text', text: expect.stringMatching(/"tasks"/) }],
    })
    expect(called).not.toHaveProperty('isError')
  })
})

describe('the endpoint for MCP', () => {
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const call = (headers: Record<string, string>, body: unknown = list, method = 'POST') =>
    fetch(`${errand.url}/mcp`, {
      method,
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    })
  const signedIn = () => ({ authorization: `Bearer ${errand.token}` })

  it('answers whoever has a token', async () => {
    const response = await call({ ...signedIn(), origin: errand.url })

    expect(response.status).toBe(200)
    expect(await response.text()).toContain('start_agent_task')
  })

  it.each([
    ['no token', 401, () => call({})],
    ['a token that is none', 401, () => call({ authorization: 'Bearer ghp_guessed' })],
    ['a page of another site', 403, () => call({ ...signedIn(), origin: 'http://evil.example' })],
    ['a page without an origin', 403, () => call({ ...signedIn(), origin: 'null' })],
    ['a stream of its own', 405, () => call(signedIn(), undefined, 'GET')],
    ['a HEAD, which the protocol has not', 404, () => call(signedIn(), undefined, 'HEAD')],
    ['a mebibyte', 413, () => call(signedIn(), { ...list, params: 'x'.repeat(1024 * 1024) })],
    ['another content type', 415, () => call({ ...signedIn(), 'content-type': 'text/plain' })],
  ])('refuses %s with %i', async (_, status, asking) => {
    const response = await asking()

    expect(response.status).toBe(status)
  })

  it('lets nobody do more than their token may', async () => {
    const user = await errand.forge.createUser({ login: 'stranger' })
    const token = await errand.forge.createToken({ user, kind: 'classic' })
    const stranger = new Client({ name: 'test', version: '1' })
    await stranger.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', errand.url), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }),
    )

    const answer = await stranger.callTool({
      name: 'start_agent_task',
      arguments: { repository: 'acme/sums', prompt: 'p', model: 'script' },
    })
    await stranger.close()

    expect(answer.isError).toBe(true)
  })
})
