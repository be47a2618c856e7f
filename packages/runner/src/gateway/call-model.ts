import type { IncomingMessage, ServerResponse } from 'node:http'

import { oneLine } from '../printable.ts'
import { createUsageHider } from './answer/hide-usage.ts'
import { createMeter, type Meter } from './answer/meter.ts'
import { type Metered, passAnswer } from './answer/pass-answer.ts'
import { inTurn } from './answer/step.ts'
import type { Catalogue } from './catalogue.ts'
import type { GatewayState } from './open-gateway.ts'
import { AgentGone, GatewayRefusal } from './refusal.ts'
import { type ModelRequest, readModelRequest } from './request/model-request.ts'
import { readBody } from './request/read-body.ts'
import type { CallRoute } from './route.ts'
import type { OpenRequest } from './spending.ts'
import { askUpstreams, type UpstreamAnswer } from './upstreams/ask-upstreams.ts'
import { targetsOf } from './upstreams/targets.ts'

/** A long conversation with images in it. */
const longestCallBytes = 64 * 1024 * 1024
/** Of all calls of a session that are on their way: what they hold is the memory of the worker. */
const mostHeldBytes = 256 * 1024 * 1024

/**
 * One call of a model: what it may cost is reserved, the upstreams that serve it are asked, the answer
 * passes and is counted.
 *
 * @throws GatewayRefusal, AgentGone
 */
export async function callModel(
  state: GatewayState,
  route: CallRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const catalogue = requireCatalogue(state, route)
  using held = holdBytes(state, Number(request.headers['content-length'] ?? longestCallBytes))
  const body = await readBody(request, longestCallBytes)
  held.become(body.length)
  const read = readModelRequest(catalogue, route, body)
  const targets = targetsOf(state.run.context.settings, read.model)
  const open =
    route.api &&
    (await state.spending.begin({
      model: read.model,
      bodyBytes: read.bytes.length,
      mostOutput: read.mostOutput,
      upstreams: targets.map(({ upstreamName }) => upstreamName),
    }))
  const call: RunningCall = { request: read, open }
  try {
    const { headers } = request
    const { run, upstreams, pause } = state
    const asking = { targets, request: read, headers, response, signal: run.signal }
    const answer = await askUpstreams(upstreams, { ...asking, ...(pause && { pause }) })
    call.answer = answer
    if (answer.refusal === undefined) await pass(state, call, answer, response)
    else passRefusal(state, answer, answer.refusal, response)
  } catch (error) {
    if (error instanceof GatewayRefusal) noteFailure(state, error.message)
    // The upstream has the question, and it costs what it costs.
    if (error instanceof AgentGone && error.isSent) call.meter ??= meterOf(call, undefined)
    throw error
  } finally {
    await open?.end(call.meter?.count(), servedBy(call))
  }
}

interface RunningCall {
  request: ModelRequest
  /** Absent for what costs nothing. */
  open: OpenRequest | undefined
  answer?: UpstreamAnswer
  meter?: Meter | undefined
}

/** @throws GatewayRefusal 429 */
function holdBytes(state: GatewayState, expected: number) {
  let bytes = 0
  const become = (count: number): void => {
    state.heldBytes += count - bytes
    bytes = count
  }
  if (state.heldBytes + expected > mostHeldBytes) {
    throw new GatewayRefusal(429, 'The calls on their way are too long for another one')
  }
  become(expected)
  return { become, [Symbol.dispose]: () => become(0) }
}

function requireCatalogue({ catalogue }: GatewayState, route: CallRoute): Catalogue {
  if (catalogue === undefined) throw new GatewayRefusal(404, 'This session has no model')
  const { wire } = catalogue.upstream
  if (wire === route.wire) return catalogue
  throw new GatewayRefusal(404, `The model of this session is spoken to by the wire ${wire}`)
}

async function pass(
  state: GatewayState,
  call: RunningCall,
  answer: UpstreamAnswer,
  response: ServerResponse,
): Promise<void> {
  state.modelFailure = undefined
  const reframed = answer.reframe?.(answer.contentType)
  const contentType = reframed?.contentType ?? answer.contentType
  const { open, request } = call
  const meter = meterOf(call, contentType)
  call.meter = meter
  const metered: Metered | undefined = open &&
    meter && {
      meter,
      count: (tokens) => open.count(tokens, servedBy(call)),
      end: (tokens) => open.end(tokens, servedBy(call)),
      refusalOf: open.refusalOf,
    }
  const isEvents = contentType?.includes('text/event-stream') === true
  const hider = request.hidesUsage && isEvents ? [createUsageHider()] : []
  const isChanged = hider.length > 0 || reframed !== undefined
  const headers = isChanged ? withoutLength(answer.headers) : answer.headers
  await passAnswer(
    {
      status: answer.status,
      headers: reframed === undefined ? headers : { ...headers, 'content-type': contentType },
      body: answer.body,
      ...(reframed && { reframe: reframed.step }),
      step: inTurn([...hider, answer.redaction.step()]),
      metered,
    },
    response,
  )
}

function meterOf(
  { request, open }: RunningCall,
  contentType: string | undefined,
): Meter | undefined {
  const { api } = request.route
  if (api === undefined || open === undefined) return undefined
  const { isStreamed, bytes } = request
  return createMeter({ api, contentType, isStreamed, requestBytes: bytes.length })
}

function servedBy({ answer, meter }: RunningCall) {
  return { upstream: answer?.target.upstreamName, answered_by: meter?.answeredBy }
}

/** A refusal passes as it came, but for one of the key, whose words may tell of it. */
function passRefusal(
  state: GatewayState,
  { status, headers }: UpstreamAnswer,
  refusal: Buffer,
  response: ServerResponse,
): void {
  if (status === 401) {
    const message = "The model's upstream refused the key it is configured with"
    throw new GatewayRefusal(status, message)
  }
  noteFailure(state, `answered with status ${status}: ${refusal.toString('utf8')}`)
  response.writeHead(status, withoutLength(headers))
  response.end(refusal)
}

function withoutLength(headers: UpstreamAnswer['headers']): UpstreamAnswer['headers'] {
  const { 'content-length': _, ...others } = headers
  return others
}

function noteFailure(state: GatewayState, what: string): void {
  state.modelFailure = oneLine(what).slice(0, 500)
}
