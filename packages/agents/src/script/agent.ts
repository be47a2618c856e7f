import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as acp from '@agentclientprotocol/sdk'
import { parsePrompt, type ScriptPrompt } from './parse-prompt.ts'
import { runScript } from './run-script.ts'
import { readSummary, type Summary } from './summary.ts'

export interface ScriptAgentOptions {
  /** The environment scripts run with. */
  env: Record<string, string | undefined>
  /** A writable folder outside the workspace. */
  home: string
}

/** Output is sent on in pieces of this size at most, in characters. */
const pieceLength = 8000

/**
 * The agent that needs no model: it runs the script in the prompt, in the workspace. For refactors
 * that a program does better than a model, and for trying everything around an agent.
 */
export function createScriptAgent(options: ScriptAgentOptions): acp.AgentApp {
  const running = new Map<string, AbortController>()
  return acp
    .agent({ name: 'script' })
    .onRequest('initialize', () => ({
      protocolVersion: acp.PROTOCOL_VERSION,
      agentInfo: { name: 'script', title: 'Script', version: '0.1.0' },
      agentCapabilities: { loadSession: false },
      authMethods: [],
    }))
    .onRequest('session/new', () => ({ sessionId: randomUUID() }))
    .onRequest('session/prompt', async ({ params, client }) => {
      const cancelled = new AbortController()
      running.set(params.sessionId, cancelled)
      try {
        return await runPrompt(options, params, client, cancelled.signal)
      } finally {
        running.delete(params.sessionId)
      }
    })
    .onNotification('session/cancel', ({ params }) => running.get(params.sessionId)?.abort())
}

async function runPrompt(
  options: ScriptAgentOptions,
  params: acp.PromptRequest,
  client: acp.AgentContext,
  signal: AbortSignal,
): Promise<acp.PromptResponse> {
  const prompt = parsePrompt(textOf(params.prompt))
  if (prompt === undefined) {
    throw failure(
      'The prompt has no script to run: the script agent wants a fenced block marked sh, bash, python or js, or a prompt that begins with #!',
    )
  }
  const summaryFile = join(options.home, `summary-${randomUUID()}`)
  const code = await reportRun(options, params.sessionId, prompt, summaryFile, client, signal)
  if (signal.aborted) return { stopReason: 'cancelled' }
  if (code.code !== 0) {
    const how =
      code.code === undefined ? 'was ended by a signal' : `ended with exit code ${code.code}`
    throw failure(`The script ${how}. Its last words: ${lastWords(code.tail)}`)
  }
  const summary: Summary = await readSummary(summaryFile, prompt)
  return {
    stopReason: 'end_turn',
    _meta: { errand: { title: summary.title, body: summary.body } },
  }
}

/** Runs the script as one tool call, whose output is told as it comes. */
async function reportRun(
  options: ScriptAgentOptions,
  sessionId: string,
  prompt: ScriptPrompt,
  summaryFile: string,
  client: acp.AgentContext,
  signal: AbortSignal,
) {
  const toolCallId = randomUUID()
  const update = async (update: acp.SessionUpdate) => {
    await client.notify('session/update', { sessionId, update })
  }
  await update({
    sessionUpdate: 'tool_call',
    toolCallId,
    title: `${prompt.interpreter[0] ?? 'script'}: ${prompt.title}`,
    kind: 'execute',
    status: 'in_progress',
    rawInput: { script: prompt.script.slice(0, pieceLength) },
  })
  let sent: Promise<unknown> = Promise.resolve()
  try {
    const result = await runScript(prompt, {
      env: { ...options.env, ERRAND_SUMMARY_FILE: summaryFile },
      signal,
      onOutput(text) {
        sent = sent.then(() => tellOutput(update, toolCallId, text))
      },
    })
    await sent
    await update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: result.code === 0 ? 'completed' : 'failed',
      rawOutput: { exit_code: result.code ?? null },
    })
    return result
  } catch (cause) {
    const program = prompt.interpreter[0] ?? ''
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw failure(`The script wants ${program}, which is not installed where it runs.`)
    }
    throw cause
  }
}

async function tellOutput(
  update: (update: acp.SessionUpdate) => Promise<void>,
  toolCallId: string,
  text: string,
): Promise<void> {
  for (let at = 0; at < text.length; at += pieceLength) {
    const piece = text.slice(at, at + pieceLength)
    await update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      content: [{ type: 'content', content: { type: 'text', text: piece } }],
    })
  }
}

function textOf(prompt: acp.ContentBlock[]): string {
  return prompt.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
}

function lastWords(tail: string): string {
  const lines = tail.trim().split('\n').slice(-5).join('\n').slice(-600)
  return lines === '' ? '(it printed nothing)' : lines
}

/** What went wrong, for the session's end: a sentence a user understands. */
function failure(message: string): acp.RequestError {
  return new acp.RequestError(-32_000, message, { category: 'agent' })
}
