import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'

import { z } from 'zod'

import { gatewayPort } from '../box/index.ts'
import { listenInFolder } from '../listen-in-folder.ts'
import type { McpEndpoints } from '../mcp/endpoints.ts'
import { TooManyQuestions } from '../questions.ts'
import type { Run } from '../run/run.ts'
import { type AgentReports, longestReportBytes } from './agent-reports.ts'
import type { Catalogue } from './catalogue.ts'
import { callModel } from './call-model.ts'
import { presentModels } from './present-models.ts'
import { AgentGone, GatewayRefusal, sendJson, sendRefusal } from './refusal.ts'
import { readBody } from './request/read-body.ts'
import { findRoute, type Route, type Wire } from './route.ts'
import { openSpending, type Spending, type SpendingOptions } from './spending.ts'
import { type Upstreams, upstreamsOf } from './upstreams/open-upstreams.ts'

/** The only way out of a session's box: to the models, and to the user. */
export interface Gateway extends AsyncDisposable {
  /** On the host, to be bound into the box. */
  socketPath: string
  /** Where it is inside the box, with the session's token in its path. */
  url: string
  /** Why the last call of a model failed; undefined if it did not, or there was none. */
  readonly modelFailure: string | undefined
}

export interface GatewayOptions extends SpendingOptions {
  /** Where the socket is made. */
  runDir: string
  /** Absent for a session without a model. */
  catalogue: Catalogue | undefined
  /** Records a question; the answer comes later, as a prompt. Gives its id. */
  onQuestion: (question: { message: string; requestedSchema?: unknown }) => Promise<string>
  /** Takes what the agent tells of its work. Default: nothing is taken. */
  reports?: AgentReports
  /** The MCP servers of the session. Default: there are none. */
  mcpEndpoints?: Pick<McpEndpoints, 'handle'>
  /** Waits before a call is sent again. Only tests need another way. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const longestQuestionBytes = 64 * 1024
/** Calls at a time in one session; agents with sub-agents make about ten. */
const mostCalls = 32
/** Agents run tools between two calls, for longer than the five seconds after which Node closes. */
const keepAliveMs = 65_000

/** What the calls of one session share. */
export interface GatewayState extends GatewayOptions {
  run: Run
  spending: Spending
  upstreams: Upstreams
  token: Buffer
  running: Set<Promise<void>>
  /** Of the bodies of its calls. */
  heldBytes: number
  modelFailure: string | undefined
}

/**
 * Opens the gateway of one session on a unix socket of its own. The token in its URLs is good for this
 * session and until it is closed; keys are put in here, outside the box.
 */
export async function openGateway(run: Run, options: GatewayOptions): Promise<Gateway> {
  const token = randomBytes(24).toString('base64url')
  const state: GatewayState = {
    ...options,
    run,
    token: Buffer.from(token),
    spending: openSpending(run, options),
    upstreams: upstreamsOf(run.context),
    running: new Set(),
    heldBytes: 0,
    modelFailure: undefined,
  }
  const server = createServer((request, response) => {
    const handled = handle(state, request, response)
    state.running.add(handled)
    void handled.finally(() => state.running.delete(handled))
  })
  server.maxConnections = 2 * mostCalls
  server.keepAliveTimeout = keepAliveMs
  // A killed runner leaves its socket behind: each attempt has a name of its own.
  const socketName = `gateway-${run.lease.attempt}.sock`
  const folder = await open(options.runDir, 'r')
  await listenInFolder(server, folder, socketName)
  return {
    socketPath: join(options.runDir, socketName),
    url: `http://127.0.0.1:${gatewayPort}/s/${token}`,
    get modelFailure() {
      return state.modelFailure
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await folder.close()
      // What was used is counted, also by calls that were cut off just now.
      await Promise.all(state.running)
      await state.spending.close()
    },
  }
}

/** Never rejects: whatever an agent sends, the runner stays. */
async function handle(
  state: GatewayState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  const route = findRoute(request.method, request.url, state.token)
  const wire = wireOf(route)
  try {
    if (route === undefined) throw new GatewayRefusal(404, 'There is nothing here')
    await answer(state, route, request, response)
  } catch (error) {
    if (error instanceof AgentGone) response.destroy()
    else if (error instanceof GatewayRefusal) sendRefusal(response, error, wire)
    else {
      // The other side went away in the middle, or it is a defect of ours.
      const { context, lease } = state.run
      const fields = { err: error, session_id: lease.session.id }
      context.log.debug(fields, 'a call through the gateway broke off')
      sendRefusal(response, new GatewayRefusal(500, 'The call broke off', error), wire)
    }
  }
}

function wireOf(route: Route | undefined): Wire | undefined {
  return route !== undefined && 'wire' in route ? route.wire : undefined
}

async function answer(
  state: GatewayState,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (route.type) {
    case 'questions':
      sendJson(response, 202, await takeQuestion(state, request))
      return
    case 'progress':
    case 'plan': {
      if (state.reports === undefined) throw new GatewayRefusal(404, 'There is nothing here')
      const told = parseJson(await readBody(request, longestReportBytes))
      state.reports[route.type](told)
      sendJson(response, 202, {})
      return
    }
    case 'mcp':
      if (state.mcpEndpoints === undefined) throw new GatewayRefusal(404, 'There is nothing here')
      await state.mcpEndpoints.handle(route.name, request, response)
      return
    case 'models':
      sendJson(response, 200, presentModels(state.catalogue, route.wire))
      return
    case 'call':
      if (state.running.size > mostCalls) throw new GatewayRefusal(429, 'Too many calls at a time')
      await callModel(state, route, request, response)
  }
}

const Question = z.object({ message: z.string().min(1), requested_schema: z.unknown().optional() })

async function takeQuestion(state: GatewayState, request: IncomingMessage): Promise<object> {
  const body = await readBody(request, longestQuestionBytes)
  const parsed = Question.safeParse(parseJson(body))
  if (!parsed.success) throw new GatewayRefusal(400, 'A question needs a message')
  const { message, requested_schema: requestedSchema } = parsed.data
  try {
    return { question_id: await state.onQuestion({ message, requestedSchema }) }
  } catch (error) {
    if (error instanceof TooManyQuestions) throw new GatewayRefusal(429, error.message, error)
    throw error
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
