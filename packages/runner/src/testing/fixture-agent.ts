// An agent for tests. It speaks ACP by hand, so that it can also speak it badly, and does what its
// prompt says: a JSON list of steps. It keeps what it was told in its home, to be taken up again.
import { execFile, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** What the fixture agent can be told to do. `ANSWER` in a command is the last answer it got. */
export type Step =
  | { say: string }
  | { think: string }
  | { run: string }
  /** Starts a process that outlives the turn. */
  | { background: string }
  | { ask: string; schema?: object }
  /** Calls the tool for agents that cannot wait, of the MCP server it was told to start. */
  | { pose: string }
  /** Asks an MCP server it was told of: for its tools, or to call one. Says what it answers. */
  | { mcp: string; tool?: string; arguments?: object }
  /** What that tool does, and no more. */
  | { post: string }
  | { call: string; model?: string }
  | { plan: string[] }
  /** Asks whether it may use a tool of this kind, and says what it was answered. */
  | { permit: string; input?: object }
  /** Tells of what hooks are to hear, and says what it was answered. */
  | { hook: object }
  | { report: { title: string; body: string } }
  | { write: string }
  | { flood: string; times: number }
  | { stop: string }
  | { refuse: { message: string; data?: object } }
  | { exit: number; stderr?: string }
  | { hang: true }
  /** Until it is cancelled, or told something, which it says. */
  | { wait: true }
  /** Until it is told something, which it does not hear, as it ends its turn at a limit. */
  | { overhear: true }

type Message = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown }

const historyFile = `${homedir()}/history.json`
const waiting = new Map<number, (message: Message) => void>()
type McpServer = { name: string } & (
  | { type: 'http'; url: string }
  | { type?: never; command: string; args: string[]; env: { name: string; value: string }[] }
)
let mcpServers: McpServer[] = []
let nextId = 1
let answer = ''
let interrupted = Promise.withResolvers<string | undefined>()

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

function ask(method: string, params: object): Promise<Message> {
  const id = nextId++
  send({ id, method, params })
  return new Promise((resolve) => waiting.set(id, resolve))
}

function update(sessionUpdate: string, fields: object): void {
  send({
    method: 'session/update',
    params: { sessionId: 's', update: { sessionUpdate, ...fields } },
  })
}

function chunk(kind: string, text: string): void {
  update(kind, { content: { type: 'text', text } })
}

function shell(command: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, ANSWER: answer }
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
    })
  })
}

/** Calls the tool for questions; gives what it answered. */
function pose(question: string): Promise<string> {
  return askMcp(mcpServers[0], 'tools/call', {
    name: 'pose_question',
    arguments: { message: question },
  })
}

/** MCP by hand: the handshake, one request, and its answer. */
async function askMcp(
  server: McpServer | undefined,
  method: string,
  params: object,
): Promise<string> {
  if (server === undefined) return 'no MCP server'
  const request = { jsonrpc: '2.0', id: 2, method, params }
  if (server.type === 'http') {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const body = JSON.stringify(request)
    const response = await fetch(server.url, { method: 'POST', headers, body })
    const text = await response.text()
    return /^data: (.*)$/m.exec(text)?.[1] ?? text
  }
  const env = Object.fromEntries(server.env.map(({ name, value }) => [name, value]))
  const child = spawn(server.command, server.args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const tell = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'fixture', version: '1' }
  const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  tell({ id: 1, method: 'initialize', params: hello })
  await lines.next()
  tell({ method: 'notifications/initialized' })
  tell(request)
  const answered: unknown = (await lines.next()).value
  child.kill()
  return String(answered)
}

async function perform(step: Step, id: number): Promise<object | 'failed' | undefined> {
  if ('say' in step) chunk('agent_message_chunk', step.say)
  if ('think' in step) chunk('agent_thought_chunk', step.think)
  if ('plan' in step) {
    const entries = step.plan.map((content) => ({ content, priority: 'high', status: 'pending' }))
    update('plan', { entries })
  }
  if ('run' in step) {
    const toolCallId = `call-${nextId++}`
    const rawInput = { command: step.run }
    update('tool_call', {
      toolCallId,
      title: 'Run',
      kind: 'execute',
      status: 'in_progress',
      rawInput,
    })
    const { code, output } = await shell(step.run)
    const content = [{ type: 'content', content: { type: 'text', text: output } }]
    const status = code === 0 ? 'completed' : 'failed'
    update('tool_call_update', { toolCallId, status, content })
  }
  if ('background' in step)
    spawn('sh', ['-c', step.background], { stdio: 'ignore', detached: true })
  if ('ask' in step) {
    const requestedSchema = step.schema ?? {
      type: 'object',
      properties: { answer: { type: 'string' } },
    }
    const params = { sessionId: 's', mode: 'form', message: step.ask, requestedSchema }
    const { result } = await ask('elicitation/create', params)
    const { action, content } = result as { action: string; content?: Record<string, unknown> }
    answer = action === 'accept' ? String(Object.values(content ?? {})[0]) : action
  }
  if ('pose' in step) chunk('agent_message_chunk', await pose(step.pose))
  if ('mcp' in step) await useMcp(step)
  if ('post' in step) {
    const url = `${process.env.ERRAND_GATEWAY_URL}/questions`
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ message: step.post })
    const response = await fetch(url, { method: 'POST', headers, body })
    chunk('agent_message_chunk', `posted ${response.status}`)
  }
  if ('call' in step) await callModel(step)
  if ('permit' in step) {
    const toolCall = { toolCallId: `call-${nextId++}`, title: 'Try', kind: step.permit }
    const options = [
      { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
      { optionId: 'no', name: 'No', kind: 'reject_once' },
    ]
    const rawInput = step.input ?? {}
    const params = { sessionId: 's', toolCall: { ...toolCall, rawInput }, options }
    const { result } = await ask('session/request_permission', params)
    const { outcome } = result as { outcome: { optionId?: string } }
    chunk('agent_message_chunk', `${step.permit}: ${outcome.optionId ?? 'cancelled'}. `)
  }
  if ('hook' in step) {
    const { result } = await ask('_errand/hook', { sessionId: 's', ...step.hook })
    chunk('agent_message_chunk', `hooks: ${JSON.stringify(result)}. `)
  }
  if ('write' in step) process.stdout.write(step.write)
  if ('flood' in step) {
    for (let at = 0; at < step.times; at += 1) {
      if (!process.stdout.write(step.flood)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve))
      }
    }
  }
  if ('exit' in step) {
    process.stderr.write(step.stderr ?? '')
    process.exit(step.exit)
  }
  if ('hang' in step) await delay(1_000_000)
  if ('wait' in step) {
    const heard = await interrupted.promise
    if (heard === undefined) return { stopReason: 'cancelled' }
    chunk('agent_message_chunk', `steered: ${heard}`)
  }
  if ('overhear' in step) return await overhear()
  if ('refuse' in step) {
    const { message, data } = step.refuse
    send({ id, error: { code: -32_000, message, ...(data === undefined ? {} : { data }) } })
    return 'failed'
  }
  if ('report' in step) return { _meta: { errand: step.report } }
  if ('stop' in step) return { stopReason: step.stop }
  return undefined
}

async function overhear() {
  await interrupted.promise
  return { stopReason: 'max_turn_requests', _meta: { steering: { unheard: 1 } } }
}

async function useMcp(step: Extract<Step, { mcp: string }>): Promise<void> {
  const server = mcpServers.find(({ name }) => name === step.mcp)
  const { tool, arguments: args = {} } = step
  const answered =
    tool === undefined
      ? await askMcp(server, 'tools/list', {})
      : await askMcp(server, 'tools/call', { name: tool, arguments: args })
  chunk('agent_message_chunk', `${answered}\n`)
}

async function callModel(step: Extract<Step, { call: unknown }>): Promise<void> {
  const response = await fetch(`${process.env.ERRAND_MODEL_URL}/messages`, {
    method: 'POST',
    body: JSON.stringify({ model: step.model ?? process.env.ERRAND_MODEL, messages: step.call }),
  })
  chunk('agent_message_chunk', `${response.status} ${await response.text()}`)
}

async function prompt(id: number, text: string): Promise<void> {
  appendFileSync(historyFile, `${JSON.stringify(text)}\n`)
  interrupted = Promise.withResolvers()
  let result: object = { stopReason: 'end_turn' }
  for (const step of stepsOf(text)) {
    const more = await perform(step, id)
    if (more === 'failed') return
    result = { ...result, ...more }
  }
  send({ id, result })
}

/** A text that is no list of steps is told back, and kept as the answer. */
function stepsOf(text: string): Step[] {
  const json = /^\[.*\]$/ms.exec(text)?.[0]
  if (json !== undefined) return JSON.parse(json) as Step[]
  answer = text
  const next = `${homedir()}/next.json`
  if (!existsSync(next)) return [{ say: `heard: ${text}` }]
  return JSON.parse(readFileSync(next, 'utf8')) as Step[]
}

function answerTo({ id, method, params }: Message & { id: number }): void {
  switch (method) {
    case 'initialize':
      send({
        id,
        result: {
          protocolVersion: 1,
          agentCapabilities: {
            loadSession: true,
            mcpCapabilities: { http: process.argv.includes('--http') },
          },
          _meta: { steering: { supported: process.argv.includes('--steering') } },
        },
      })
      return
    case 'session/new':
      mcpServers = params?.mcpServers as typeof mcpServers
      writeFileSync(historyFile, '')
      send({ id, result: { sessionId: 'conversation-1' } })
      return
    case 'session/load':
      mcpServers = params?.mcpServers as typeof mcpServers
      if (!existsSync(historyFile))
        send({ id, error: { code: -32_002, message: 'unknown session' } })
      else {
        chunk('agent_message_chunk', 'told again')
        send({ id, result: {} })
      }
      return
    case '_session/steering': {
      const [block] = (params?.prompt ?? []) as { text: string }[]
      send({ id, result: { outcome: 'injected' } })
      interrupted.resolve(block?.text)
      return
    }
    case 'session/prompt': {
      const [block] = (params?.prompt ?? []) as { text: string }[]
      void prompt(id, block?.text ?? '')
      return
    }
    default:
      send({ id, error: { code: -32_601, message: 'unknown method' } })
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line) as Message
  if (message.method === 'session/cancel') interrupted.resolve(undefined)
  if (message.id === undefined) return
  if (message.method === undefined) waiting.get(message.id)?.(message)
  else answerTo({ ...message, id: message.id })
})
