import { z } from 'zod'

import { type Box, boxPaths } from '../box/index.ts'
import { SessionFailed } from '../failures.ts'
import type { Run } from '../run/run.ts'
import { type AcpConnection, type AgentHandlers, connectAgent } from './acp-connection.ts'
import { spawnAgent } from './agent-process.ts'
import type { AgentLaunch } from './launch.ts'

/** An agent at work in a box, spoken to over ACP. */
export interface Agent extends AsyncDisposable {
  /** Whether it can take up a conversation again in a new process. */
  canLoad: boolean
  /** Begins a conversation; the id is what `load` takes. */
  begin(): Promise<string>
  /** Takes up an earlier conversation. False if the agent does not know it any more. */
  load(conversationId: string): Promise<boolean>
  /** Whether it takes messages while it works. */
  canSteer: boolean
  /**
   * Gives the running turn a message. False if there is none any more, or the agent did not take it: it
   * is then to be its next prompt.
   */
  steer(conversationId: string, message: string): Promise<boolean>
  /** Asks the running turn to end as `cancelled`. */
  cancel(conversationId: string): Promise<void>
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
  /** How many of the messages it took, the last ones, it ended without having heard. */
  unheard?: number
}

/** Agents answer within seconds; from a cold disk the slowest took 6 (measured), on a busy one more. */
const startTimeoutMs = 120_000
const limited = { timeoutMs: startTimeoutMs }
const protocolVersion = 1

const StopReason = z.enum(['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'])

const Capability = z.object({}).nullish().catch(undefined)
const InitializeAnswer = z.object({
  protocolVersion: z.number(),
  agentCapabilities: z
    .object({
      loadSession: z.boolean().default(false),
      mcpCapabilities: z
        .object({ http: z.boolean().default(false) })
        .optional()
        .catch(undefined),
      sessionCapabilities: z.object({ resume: Capability, title: Capability }).optional(),
    })
    .optional()
    .catch(undefined),
  // An extension that agents have agreed on: version 1 of ACP has no steering.
  _meta: z
    .object({ steering: z.object({ supported: z.boolean() }) })
    .optional()
    .catch(undefined),
})
const SteeringAnswer = z.object({ outcome: z.string() })
const NewAnswer = z.object({ sessionId: z.string().min(1).max(1000) })
const PromptAnswer = z.object({
  stopReason: StopReason,
  _meta: z
    .object({
      errand: z.object({ title: z.string(), body: z.string() }).optional().catch(undefined),
      steering: z
        .object({ unheard: z.int().min(0) })
        .optional()
        .catch(undefined),
    })
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
export async function startAgent(
  run: Run,
  box: Box,
  launch: AgentLaunch,
  handlers: AgentHandlers,
): Promise<Agent> {
  const process = await spawnAgent(run, box, launch)
  // An agent tells the whole conversation again as it loads it; all that was recorded when it happened.
  let isTellingAgain = false
  const connection = connectAgent(run, launch.name, process, {
    ...handlers,
    onUpdate(update) {
      if (!isTellingAgain) handlers.onUpdate(update)
    },
  })
  const answer = await connection.request('initialize', hello, InitializeAnswer, limited)
  if (answer.protocolVersion !== protocolVersion) {
    await process.end()
    const message = `The agent ${launch.name} speaks version ${answer.protocolVersion} of ACP, not ${protocolVersion}.`
    throw new SessionFailed('agent_protocol', message)
  }
  if (launch.authenticate !== undefined) {
    await connection.request('authenticate', launch.authenticate, z.unknown(), limited)
  }

  const {
    loadSession = false,
    sessionCapabilities,
    mcpCapabilities,
  } = answer.agentCapabilities ?? {}
  const mcpServers = mcpServersOf(launch, mcpCapabilities?.http === true)
  const place = { cwd: boxPaths.workspace, mcpServers }
  // Resuming is loading without telling all of it again.
  const taking = sessionCapabilities?.resume == null ? 'session/load' : 'session/resume'
  async function end(): Promise<void> {
    await process.end()
    connection.close()
  }
  return {
    canLoad: launch.loads && (loadSession || taking === 'session/resume'),
    canSteer: answer._meta?.steering.supported ?? false,
    async begin() {
      const { sessionId } = await connection.request('session/new', place, NewAnswer, limited)
      await configure(connection, launch, sessionId)
      // An agent that has a title does not ask a model for one.
      if (sessionCapabilities?.title != null) {
        await giveTitle(connection, sessionId, run.lease.task.name)
      }
      return sessionId
    },
    async load(sessionId) {
      isTellingAgain = true
      try {
        await connection.request(taking, { ...place, sessionId }, z.unknown(), limited)
      } catch (error) {
        if (error instanceof SessionFailed && error.failure === 'agent_failed') return false
        throw error
      } finally {
        isTellingAgain = false
      }
      await configure(connection, launch, sessionId)
      return true
    },
    async prompt(sessionId, prompt) {
      const params = { sessionId, prompt: [{ type: 'text', text: prompt }] }
      return readTurn(await connection.request('session/prompt', params, PromptAnswer))
    },
    async steer(sessionId, message) {
      const params = {
        sessionId,
        prompt: [{ type: 'text', text: message }],
        // Else an agent that has just ended its turn would begin one that nobody waits for.
        _meta: { steering: { idleBehavior: 'promptRequired' } },
      }
      try {
        const steered = await connection.request(
          '_session/steering',
          params,
          SteeringAnswer,
          limited,
        )
        return steered.outcome === 'injected'
      } catch (error) {
        if (error instanceof SessionFailed && error.failure === 'agent_failed') return false
        throw error
      }
    },
    cancel: (sessionId) => connection.notify('session/cancel', { sessionId }),
    end,
    [Symbol.asyncDispose]: end,
  }
}

function readTurn({ stopReason, _meta }: z.infer<typeof PromptAnswer>): Turn {
  const { errand: report, steering } = _meta ?? {}
  return {
    stopReason,
    ...(report === undefined ? {} : { report }),
    ...(steering === undefined ? {} : { unheard: steering.unheard }),
  }
}

/** An agent that knows MCP on standard streams only is given a program in the place of an address. */
function mcpServersOf({ mcpServers, mcpEndpoints }: AgentLaunch, knowsHttp: boolean): object[] {
  const others = mcpEndpoints.map(({ name, url, bridge }) =>
    knowsHttp ? { type: 'http', name, url, headers: [] } : bridge,
  )
  return [...mcpServers, ...others]
}

async function giveTitle(
  connection: AcpConnection,
  sessionId: string,
  title: string,
): Promise<void> {
  try {
    await connection.request('session/set_title', { sessionId, title }, z.unknown(), limited)
  } catch (error) {
    // It is no more than a saving, and the method is not part of version 1.
    if (!(error instanceof SessionFailed && error.failure === 'agent_failed')) throw error
  }
}

/** Agents keep neither over a restart. */
async function configure(
  connection: AcpConnection,
  { mode, configOptions }: AgentLaunch,
  sessionId: string,
): Promise<void> {
  if (mode !== undefined) {
    await connection.request('session/set_mode', { sessionId, modeId: mode }, z.unknown(), limited)
  }
  for (const [configId, value] of Object.entries(configOptions)) {
    const params = {
      sessionId,
      configId,
      ...(typeof value === 'boolean' && { type: 'boolean' }),
      value,
    }
    await connection.request('session/set_config_option', params, z.unknown(), limited)
  }
}
