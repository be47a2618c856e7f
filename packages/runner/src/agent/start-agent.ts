import { z } from 'zod'

import { type Box, boxPaths } from '../box/index.ts'
import { SessionFailed } from '../failures.ts'
import type { Run } from '../run/run.ts'
import { type AgentHandlers, connectAgent } from './acp-connection.ts'
import { spawnAgent } from './agent-process.ts'
import type { AgentDescriptor } from './descriptor.ts'

/** An agent at work in a box, spoken to over ACP. */
export interface Agent extends AsyncDisposable {
  /** Whether it can take up a conversation again in a new process. */
  canLoad: boolean
  /** Begins a conversation; the id is what `load` takes. */
  begin(): Promise<string>
  /** Takes up an earlier conversation. False if the agent does not know it any more. */
  load(conversationId: string): Promise<boolean>
  /** One turn: from the prompt to the agent's stop. */
  prompt(conversationId: string, prompt: string): Promise<Turn>
  /** Ends the agent; resolves when it and all it started is dead. */
  end(): Promise<void>
}

/** How a turn ended. */
export interface Turn {
  stopReason: z.infer<typeof StopReason>
  /** The agent's own title and body for a pull request. */
  report?: { title: string; body: string }
}

/** A program that an agent is told to start as an MCP server. */
export interface McpServer {
  name: string
  command: string
  args: string[]
  env: { name: string; value: string }[]
}

export interface AgentStart {
  descriptor: AgentDescriptor
  env: Readonly<Record<string, string>>
  mcpServers: readonly McpServer[]
  handlers: AgentHandlers
}

/** Agents answer within seconds; from a cold disk the slowest took 6 (measured), on a busy one more. */
const startTimeoutMs = 120_000
const protocolVersion = 1

const StopReason = z.enum(['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'])

const InitializeAnswer = z.object({
  protocolVersion: z.number(),
  agentCapabilities: z.object({ loadSession: z.boolean() }).catch({ loadSession: false }),
})
const NewAnswer = z.object({ sessionId: z.string().min(1).max(1000) })
const PromptAnswer = z.object({
  stopReason: StopReason,
  _meta: z
    .object({ errand: z.object({ title: z.string(), body: z.string() }) })
    .optional()
    .catch(undefined),
})

const hello = {
  protocolVersion,
  clientInfo: { name: 'errand', version: '0.1.0' },
  // Agents have files and a shell of their own in the box: they need none of ours.
  clientCapabilities: {
    fs: { readTextFile: false, writeTextFile: false },
    terminal: false,
    elicitation: { form: {} },
  },
}

/**
 * Starts an agent in the box and shakes hands with it.
 *
 * @throws SessionFailed agent_not_installed, agent_crashed, agent_protocol, or a limit of the box
 */
export async function startAgent(run: Run, box: Box, start: AgentStart): Promise<Agent> {
  const { descriptor, handlers } = start
  const process = await spawnAgent(run, box, descriptor, start.env)
  // An agent tells the whole conversation again as it loads it; all that was recorded when it happened.
  let isTellingAgain = false
  const connection = connectAgent(run, descriptor.name, process, {
    ...handlers,
    onUpdate(update) {
      if (!isTellingAgain) handlers.onUpdate(update)
    },
  })
  const limited = { timeoutMs: startTimeoutMs }
  const answer = await connection.request('initialize', hello, InitializeAnswer, limited)
  if (answer.protocolVersion !== protocolVersion) {
    await process.end()
    const message = `The agent ${descriptor.name} speaks version ${answer.protocolVersion} of ACP, not ${protocolVersion}.`
    throw new SessionFailed('agent_protocol', message)
  }

  const place = { cwd: boxPaths.workspace, mcpServers: start.mcpServers }
  async function end(): Promise<void> {
    await process.end()
    connection.close()
  }
  return {
    canLoad: answer.agentCapabilities.loadSession,
    async begin() {
      return (await connection.request('session/new', place, NewAnswer, limited)).sessionId
    },
    async load(conversationId) {
      const params = { ...place, sessionId: conversationId }
      isTellingAgain = true
      try {
        await connection.request('session/load', params, z.unknown(), limited)
        return true
      } catch (error) {
        if (error instanceof SessionFailed && error.failure === 'agent_failed') return false
        throw error
      } finally {
        isTellingAgain = false
      }
    },
    async prompt(conversationId, prompt) {
      const params = { sessionId: conversationId, prompt: [{ type: 'text', text: prompt }] }
      const { stopReason, _meta } = await connection.request('session/prompt', params, PromptAnswer)
      return { stopReason, ...(_meta === undefined ? {} : { report: _meta.errand }) }
    },
    end,
    [Symbol.asyncDispose]: end,
  }
}
