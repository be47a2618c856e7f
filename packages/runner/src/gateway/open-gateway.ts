import { randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'

import { noteAnsweringUpstream, noteFailingUpstream } from '@errand/core'
import { z } from 'zod'

import { gatewayPort } from '../box/index.ts'
import { oneLine } from '../publish/pull-text.ts'
import { TooManyQuestions } from '../questions.ts'
import type { Run } from '../run/run.ts'
import type { Catalogue } from './catalogue.ts'
import { forward } from './forward.ts'
import { createMeter, type Meter } from './meter.ts'
import { prepareModelRequest } from './model-request.ts'
import { readBody } from './read-body.ts'
import { GatewayRefusal, sendJson, sendRefusal } from './refusal.ts'
import { findRoute, type Route, type Wire } from './route.ts'
import { openSpending, type Spending, type SpendingOptions } from './spending.ts'

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
}

/** Of a call: a long conversation with images in it. */
const longestCallBytes = 64 * 1024 * 1024
const longestQuestionBytes = 64 * 1024
/** Calls at a time in one session; agents with sub-agents make about ten. */
const mostCalls = 32

interface State extends GatewayOptions {
  run: Run
  spending: Spending
  token: string
  running: Set<Promise<void>>
  modelFailure: string | undefined
  /** Whether the last call did not reach it, or was refused for its own reasons. */
  isUpstreamFailing: boolean
}

/**
 * Opens the gateway of one session on a unix socket of its own. The token in its URLs is good for this
 * session and until it is closed; keys are put in here, outside the box.
 */
export async function openGateway(run: Run, options: GatewayOptions): Promise<Gateway> {
  const token = randomBytes(24).toString('base64url')
  const state: State = {
    ...options,
    run,
    token,
    spending: openSpending(run, options),
    running: new Set(),
    modelFailure: undefined,
    isUpstreamFailing: false,
  }
  const server = createServer((request, response) => {
    const handled = handle(state, request, response)
    state.running.add(handled)
    void handled.finally(() => state.running.delete(handled))
  })
  server.maxConnections = 2 * mostCalls
  // A killed runner leaves its socket behind: each attempt has a name of its own.
  const socketName = `gateway-${run.lease.attempt}.sock`
  const folder = await open(options.runDir, 'r')
  await listen(server, folder, socketName)
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
    },
  }
}

/**
 * A socket's path may have 107 bytes, and data folders are deep: so it is named by way of the open
 * folder, which is short. Node removes the socket by the same name: the folder stays open until then.
 */
async function listen(server: Server, folder: FileHandle, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(`/proc/self/fd/${folder.fd}/${name}`, resolve)
  })
}

/** Never rejects: whatever an agent sends, the runner stays. */
async function handle(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    const route = findRoute(request.method, request.url, state.token)
    if (route === undefined) throw new GatewayRefusal(404, 'There is nothing here')
    await answer(state, route, request, response)
  } catch (error) {
    if (error instanceof GatewayRefusal) sendRefusal(response, error)
    else {
      // The other side went away in the middle, or it is a defect of ours.
      const { context, lease } = state.run
      const fields = { err: error, session_id: lease.session.id }
      context.log.debug(fields, 'a call through the gateway broke off')
      sendRefusal(response, new GatewayRefusal(500, 'The call broke off', error))
    }
  }
}

async function answer(
  state: State,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (route.type) {
    case 'questions':
      sendJson(response, 202, await takeQuestion(state, request))
      return
    case 'models':
      sendJson(response, 200, presentModels(state, route.wire))
      return
    case 'call':
      await call(state, route, request, response)
  }
}

const Question = z.object({ message: z.string().min(1), requested_schema: z.unknown().optional() })

async function takeQuestion(state: State, request: IncomingMessage): Promise<object> {
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

/** As both wires list models; those of the other wire cannot be called here and are not shown. */
function presentModels({ catalogue }: State, wire: Wire): object {
  const models = catalogue?.upstream.wire === wire ? catalogue.models : []
  return {
    object: 'list',
    has_more: false,
    data: models.map(({ id }) => ({
      id,
      type: 'model',
      object: 'model',
      display_name: id,
      owned_by: 'errand',
      created: 0,
      created_at: '1970-01-01T00:00:00Z',
    })),
  }
}

async function call(
  state: State,
  route: Extract<Route, { type: 'call' }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { catalogue, run } = state
  if (catalogue === undefined) throw new GatewayRefusal(404, 'This session has no model')
  const { upstream } = catalogue
  if (upstream.wire !== route.wire) {
    const message = `The model of this session is spoken to by the wire ${upstream.wire}`
    throw new GatewayRefusal(404, message)
  }
  if (state.running.size > mostCalls) throw new GatewayRefusal(429, 'Too many calls at a time')
  const body = await readBody(request, longestCallBytes)
  const prepared = prepareModelRequest(catalogue, route.api, body)
  const keyName = upstream.api_key_env
  const key = keyName === undefined ? undefined : run.context.secrets(keyName)
  const spent = route.api && (await state.spending.begin(prepared.model, prepared.body.length))
  let meter: Meter | undefined
  const forwarded = { upstream, key, path: route.path + route.search, body: prepared.body }
  try {
    if (response.destroyed) throw new GatewayRefusal(499, 'The agent has gone away')
    const { status, refusal } = await forward(forwarded, request, response, ({ headers }) => {
      const { api } = route
      state.modelFailure = undefined
      if (api === undefined || spent === undefined) return undefined
      meter = createMeter(api, headers['content-type'], prepared.body.length)
      return {
        meter,
        count: (tokens) => spent.count(tokens),
        refusalOf: (answeredBy) => spent.refusalOf(answeredBy),
      }
    })
    if (refusal !== undefined) noteFailure(state, `answered with status ${status}: ${refusal}`)
    await noteHealth(state, catalogue.upstreamName, status !== 429 && status < 500)
  } catch (error) {
    if (error instanceof GatewayRefusal) noteFailure(state, error.message)
    await noteHealth(state, catalogue.upstreamName, !isUnreachable(error))
    throw error
  } finally {
    await spent?.end(meter?.count())
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof GatewayRefusal && error.status === 502
}

/** Tells all servers whether an upstream answers: `auto` goes by it. It is not worth a failing call. */
async function noteHealth(state: State, upstream: string, isHealthy: boolean): Promise<void> {
  if (isHealthy && !state.isUpstreamFailing) return
  const { store, log } = state.run.context
  state.isUpstreamFailing = !isHealthy
  try {
    await (isHealthy ? noteAnsweringUpstream : noteFailingUpstream)(store, upstream)
  } catch (error) {
    log.debug({ err: error }, 'whether an upstream answers could not be noted')
  }
}

function noteFailure(state: State, what: string): void {
  state.modelFailure = oneLine(what).slice(0, 500)
}
