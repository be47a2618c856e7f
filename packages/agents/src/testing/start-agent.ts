import { spawn } from 'node:child_process'
import { Readable, Writable } from 'node:stream'
import * as acp from '@agentclientprotocol/sdk'
import { z } from 'zod'
import { builtinPrograms } from '../index.ts'

export interface StartOptions {
  entry: string
  cwd: string
  home: string
  env?: Record<string, string>
  mcpServers?: acp.McpServer[]
  /** Answers questions. Without it the client says that it cannot ask anybody. */
  answer?: (question: acp.CreateElicitationRequest) => Promise<acp.CreateElicitationResponse>
  /** Why a tool may not be used; undefined where it may. */
  permit?: (request: acp.RequestPermissionRequest) => string | undefined
  /** What hooks say to what it tells of. */
  hook?: (told: ToldHook) => object
}

/** What an agent tells of for hooks. */
export type ToldHook = Readonly<Record<string, unknown>>

/** An agent's program, as a process of its own, spoken to over ACP as the runner does. */
export interface StartedAgent extends AsyncDisposable {
  pid: number
  initialized: acp.InitializeResponse
  updates: acp.SessionUpdate[]
  begin(): Promise<string>
  load(sessionId: string): Promise<void>
  prompt(sessionId: string, text: string): Promise<acp.PromptResponse>
  cancel(sessionId: string): Promise<void>
  /** Tells the running turn something; gives what came of it. */
  steer(sessionId: string, text: string): Promise<unknown>
  /** Closes its input, as a client does that goes away. */
  hangUp(): void
  kill(): Promise<void>
  exited: Promise<void>
}

export async function startAgent(options: StartOptions): Promise<StartedAgent> {
  const { entry, cwd, home, answer, permit, hook } = options
  const child = spawn(process.execPath, [...builtinPrograms.nodeArguments, entry], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: home, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const updates: acp.SessionUpdate[] = []
  // Node's type of a web stream and the global one are the same object.
  const input = Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>
  const client = acp
    .client({ name: 'test' })
    .onNotification('session/update', ({ params }) => void updates.push(params.update))
  if (answer !== undefined) client.onRequest('elicitation/create', ({ params }) => answer(params))
  if (permit !== undefined) {
    client.onRequest('session/request_permission', ({ params }) => answerPermission(params, permit))
  }
  if (hook !== undefined) {
    client.onRequest('_errand/hook', z.record(z.string(), z.unknown()), ({ params }) =>
      hook(params),
    )
  }
  const { agent } = client.connect(acp.ndJsonStream(Writable.toWeb(child.stdin), input))
  const place: acp.NewSessionRequest = { cwd, mcpServers: options.mcpServers ?? [] }
  const clientCapabilities: acp.ClientCapabilities =
    answer === undefined ? {} : { elicitation: { form: {} } }
  const initialized = await agent.request('initialize', { protocolVersion: 1, clientCapabilities })
  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await exited
  }
  return {
    // It has answered, so it was started.
    pid: child.pid!,
    initialized,
    updates,
    begin: async () => (await agent.request('session/new', place)).sessionId,
    load: async (sessionId) => void (await agent.request('session/load', { ...place, sessionId })),
    prompt: (sessionId, text) =>
      agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }),
    cancel: (sessionId) => agent.notify('session/cancel', { sessionId }),
    steer: (sessionId, text) =>
      agent.request('_session/steering', { sessionId, prompt: [{ type: 'text', text }] }),
    hangUp: () => void child.stdin.end(),
    kill,
    exited,
    [Symbol.asyncDispose]: kill,
  }
}

function answerPermission(
  request: acp.RequestPermissionRequest,
  permit: (request: acp.RequestPermissionRequest) => string | undefined,
): acp.RequestPermissionResponse {
  const reason = permit(request)
  const wanted = reason === undefined ? 'allow_once' : 'reject_once'
  const option = request.options.find(({ kind }) => kind === wanted)
  if (option === undefined) return { outcome: { outcome: 'cancelled' } }
  const outcome = { outcome: 'selected' as const, optionId: option.optionId }
  return reason === undefined ? { outcome } : { outcome, _meta: { errand: { reason } } }
}

/** All text the agent has told in its updates, tools' outputs included. */
export function toldText(updates: acp.SessionUpdate[]): string {
  return updates.map((update) => textOf(update)).join('')
}

function textOf(update: acp.SessionUpdate): string {
  switch (update.sessionUpdate) {
    case 'agent_message_chunk':
      return update.content.type === 'text' ? update.content.text : ''
    case 'tool_call':
    case 'tool_call_update':
      return (update.content ?? [])
        .map((item) =>
          item.type === 'content' && 'content' in item && item.content.type === 'text'
            ? item.content.text
            : '',
        )
        .join('')
    default:
      return ''
  }
}
