import { randomUUID } from 'node:crypto'
import { isAbsolute } from 'node:path'
import * as acp from '@agentclientprotocol/sdk'
import { promptText } from '../acp/prompt-text.ts'
import { createSteering, type Steering, steeringMethod, SteeringRequest } from '../acp/steering.ts'
import { createTurns } from '../acp/turns.ts'
import { commandEnvironment } from '../process/command-environment.ts'
import { findChecks } from './checks/find-checks.ts'
import { createClient, QuestionLeftOpen } from './client.ts'
import { type Conversation, createConversation } from './conversation/conversation.ts'
import { charactersOf, estimateTokens } from './conversation/estimate.ts'
import { keepConversation, readConversation } from './conversation/keep.ts'
import { writeInstructions } from './instructions.ts'
import { connectServers, type McpTools } from './mcp/connect-servers.ts'
import { type Model, openModel } from './model/open-model.ts'
import { readRootNotes } from './project-notes.ts'
import { readCommit } from './record/workspace-state.ts'
import { runRecipeFirst } from './recipe-first.ts'
import { replayConversation } from './replay.ts'
import { type CoderSettings, readSettings } from './settings.ts'
import { toolsFor } from './tools/all.ts'
import { describeTools, schemaOf } from './tools/describe.ts'
import { runTurn, type Turn } from './turn.ts'

export interface CoderOptions {
  /** Says which model to use (settings.ts), and is the environment of commands. */
  env: Readonly<Record<string, string | undefined>>
  /** A folder that outlives the process: sessions are kept in it. */
  home: string
}

interface Session {
  workspace: string
  settings: CoderSettings
  model: Model
  conversation: Conversation
  mcp: McpTools
  /** Of the turn that runs. */
  steering?: Steering
}

/** Keeps commands from paging, colouring and asking: nobody sees or hears them. */
const quietEnvironment = { TERM: 'dumb', NO_COLOR: '1', PAGER: 'cat', GIT_TERMINAL_PROMPT: '0' }
/** What each note of a project may take up of the room for a question. */
const noteShare = 0.05

/** The agent that works with a model: it reads, edits and runs what is in the workspace. */
export function createCoderAgent(options: CoderOptions): acp.AgentApp {
  const turns = createTurns()
  const sessions = new Map<string, Session>()
  let canAsk = false
  return acp
    .agent({ name: 'coder' })
    .onRequest('initialize', ({ params }) => {
      canAsk = params.clientCapabilities?.elicitation?.form != null
      return {
        protocolVersion: acp.PROTOCOL_VERSION,
        agentInfo: { name: 'coder', title: 'Coder', version: '0.1.0' },
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { embeddedContext: true },
          mcpCapabilities: { http: true },
        },
        authMethods: [],
        _meta: { steering: { supported: true } },
      }
    })
    .onRequest('session/new', async ({ params }) => {
      const conversation = createConversation(randomUUID())
      const session = await openSession(options, params, conversation)
      await keepConversation(options.home, conversation)
      sessions.set(conversation.session_id, session)
      return { sessionId: conversation.session_id }
    })
    .onRequest('session/load', async ({ params, client }) => {
      const { sessionId } = params
      const conversation = await readConversation(options.home, sessionId)
      if (conversation === undefined) throw acp.RequestError.sessionNotFound(sessionId)
      await sessions.get(sessionId)?.mcp[Symbol.asyncDispose]()
      sessions.set(sessionId, await openSession(options, params, conversation))
      for (const update of replayConversation(conversation)) {
        await client.notify('session/update', { sessionId, update })
      }
      return {}
    })
    .onRequest('session/prompt', ({ params, client, signal }) => {
      const { sessionId } = params
      const session = sessions.get(sessionId)
      if (session === undefined) throw acp.RequestError.sessionNotFound(sessionId)
      return turns.run(sessionId, signal, async (signal) => {
        const steering = createSteering()
        session.steering = steering
        try {
          const turn = await prepareTurn(options, session, steering, signal, (id) =>
            createClient(client, id, canAsk),
          )
          const response = await answerPrompt(turn, options, promptText(params.prompt))
          return withUnheard(response, steering.end())
        } catch (error) {
          if (!signal.aborted && !(error instanceof QuestionLeftOpen)) throw error
          return withUnheard({ stopReason: 'cancelled' }, steering.end())
        } finally {
          delete session.steering
        }
      })
    })
    .onRequest(steeringMethod, SteeringRequest, ({ params }) => {
      const steering = sessions.get(params.sessionId)?.steering
      // As ACP has them; what is no text is left out, as of any prompt.
      const message = promptText(params.prompt as acp.ContentBlock[])
      return { outcome: steering?.add(message) === true ? 'injected' : 'promptRequired' }
    })
    .onNotification('session/cancel', ({ params }) => turns.cancel(params.sessionId))
}

async function answerPrompt(
  turn: Turn,
  { home }: CoderOptions,
  text: string,
): Promise<acp.PromptResponse> {
  const recipe = await runRecipeFirst(turn, home, text)
  if (recipe === undefined) return runTurn(turn, text)
  return recipe.conclude(await runTurn(turn, recipe.prompt))
}

/** A turn that ended otherwise than by its own will may have taken messages that it has not heard. */
function withUnheard(response: acp.PromptResponse, unheard: number): acp.PromptResponse {
  if (unheard === 0) return response
  return { ...response, _meta: { ...response._meta, steering: { unheard } } }
}

async function openSession(
  { env }: CoderOptions,
  { cwd, mcpServers }: acp.NewSessionRequest,
  conversation: Conversation,
): Promise<Session> {
  if (!isAbsolute(cwd)) throw acp.RequestError.invalidParams({ cwd })
  const settings = readSettings(env)
  const model = await openModel(settings)
  const mcp = await connectServers(mcpServers)
  return { workspace: cwd, settings, model, conversation, mcp }
}

async function prepareTurn(
  { env, home }: CoderOptions,
  { workspace, settings, model, conversation, mcp }: Session,
  steering: Steering,
  signal: AbortSignal,
  clientOf: (sessionId: string) => Turn['client'],
): Promise<Turn> {
  const client = clientOf(conversation.session_id)
  const tools = [...toolsFor(client.canAsk, settings.allowed), ...mcp.tools]
  const noteLimit = charactersOf(settings, noteShare)
  const notes = await readRootNotes(workspace, noteLimit)
  const checks = await findChecks(workspace)
  const instructions = writeInstructions({ workspace, notes, checks, canAsk: client.canAsk })
  const commandEnv = { ...commandEnvironment(env), ...quietEnvironment }
  const place = { workspace, env: commandEnv, signal }
  conversation.record.base_commit ??= (await readCommit(place)) ?? null
  const described = tools.map((tool) => [tool.name, tool.description, schemaOf(tool)])
  return {
    settings,
    model,
    workspace,
    env: commandEnv,
    instructions,
    tools,
    toolSet: describeTools(tools),
    fixedTokens: estimateTokens([instructions, described]),
    noteLimit,
    client,
    conversation,
    steering,
    keep: () => keepConversation(home, conversation),
    signal,
    checks,
    spent: { tokens: 0, isTold: false },
  }
}
