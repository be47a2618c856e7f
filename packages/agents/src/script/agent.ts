import { randomUUID } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import * as acp from '@agentclientprotocol/sdk'
import { failure } from '../acp/failure.ts'
import { promptText } from '../acp/prompt-text.ts'
import { createTurns } from '../acp/turns.ts'
import { commandEnvironment } from '../process/command-environment.ts'
import { parsePrompt, type ScriptPrompt } from './parse-prompt.ts'
import { reportRun } from './report-run.ts'
import { readSummary } from './summary.ts'

export interface ScriptAgentOptions {
  /** The environment scripts run with: without the agent's own, with `ERRAND_SUMMARY_FILE`. */
  env: Readonly<Record<string, string | undefined>>
  /** A writable folder outside the workspace. */
  home: string
}

/**
 * The agent that needs no model: it runs the script in the prompt, in the workspace. For refactors
 * that a program does better than a model, and for trying everything around an agent.
 */
export function createScriptAgent(options: ScriptAgentOptions): acp.AgentApp {
  const turns = createTurns()
  const folders = new Map<string, string>()
  return acp
    .agent({ name: 'script' })
    .onRequest('initialize', () => ({
      protocolVersion: acp.PROTOCOL_VERSION,
      agentInfo: { name: 'script', title: 'Script', version: '0.1.0' },
      agentCapabilities: { loadSession: false },
      authMethods: [],
    }))
    .onRequest('session/new', ({ params }) => {
      if (!isAbsolute(params.cwd)) throw acp.RequestError.invalidParams(undefined, 'cwd')
      const sessionId = randomUUID()
      folders.set(sessionId, params.cwd)
      return { sessionId }
    })
    .onRequest('session/prompt', ({ params, client, signal }) => {
      const cwd = folders.get(params.sessionId)
      if (cwd === undefined) throw acp.RequestError.sessionNotFound(params.sessionId)
      const update = (update: acp.SessionUpdate) =>
        client.notify('session/update', { sessionId: params.sessionId, update })
      return turns.run(params.sessionId, signal, (signal) =>
        runPrompt(options, cwd, promptText(params.prompt), update, signal),
      )
    })
    .onNotification('session/cancel', ({ params }) => turns.cancel(params.sessionId))
}

async function runPrompt(
  options: ScriptAgentOptions,
  cwd: string,
  text: string,
  update: (update: acp.SessionUpdate) => Promise<void>,
  signal: AbortSignal,
): Promise<acp.PromptResponse> {
  const prompt = parsePrompt(text)
  if (prompt === undefined) {
    throw failure(
      'agent',
      'The prompt has no script to run: the script agent wants a fenced block marked sh, bash, python or js, or a prompt that begins with #!',
    )
  }
  const summaryFile = join(options.home, `summary-${randomUUID()}`)
  const env = { ...commandEnvironment(options.env), ERRAND_SUMMARY_FILE: summaryFile }
  const { end, lastLines } = await reportRun(prompt, { cwd, env, signal }, update)
  signal.throwIfAborted()
  if (end.code !== 0) {
    const how =
      end.code === undefined ? 'was ended by a signal' : `ended with exit code ${end.code}`
    throw failure('agent', `The script ${how}. Its last words: ${lastLines}`)
  }
  const { title, body } = await readSummary(summaryFile, prompt satisfies ScriptPrompt)
  return { stopReason: 'end_turn', _meta: { errand: { title, body } } }
}
