import { isUtf8 } from 'node:buffer'

import type { Model } from '@errand/contract'

import { type Fields, fieldsOf, isFields } from '../../fields.ts'
import type { Catalogue } from '../catalogue.ts'
import { GatewayRefusal } from '../refusal.ts'
import type { CallRoute } from '../route.ts'
import { addMember, replaceMember } from './json-members.ts'
import { mostAnswers, requireCountable } from './require-countable.ts'

/** A call of a model, before it is known which upstream it goes to. */
export interface ModelRequest {
  model: Model
  route: CallRoute
  /** The body as it goes on, but for the name of the model, which each upstream has its own for. */
  text: string
  /** The same in bytes. */
  bytes: Buffer
  isStreamed: boolean
  /** Tokens the answer may have, where the agent bounds them. */
  mostOutput: number | undefined
  /** The agent has not asked for the chunk with the usage at the end of the stream, and does not get it. */
  hidesUsage: boolean
}

/**
 * Reads what the agent asks for. Every byte of the body stays as it came, but for one thing: a streamed
 * Chat Completion tells its tokens only when asked to, so it is always asked to (`stream_options`). Where
 * the agent had not, it is not shown the chunk that says so.
 *
 * @throws GatewayRefusal 400
 */
export function readModelRequest(
  catalogue: Catalogue,
  route: CallRoute,
  body: Buffer,
): ModelRequest {
  if (!isUtf8(body)) throw new GatewayRefusal(400, 'The body is not UTF-8')
  requireParsable(body)
  const text = body.toString('utf8')
  const fields = readFields(text)
  requireCountable(fields, route.api)
  const name = route.model ?? fields['model']
  if (typeof name !== 'string') throw new GatewayRefusal(400, 'The body has to name a model')
  const given = fields['stream_options']
  const isStreamed = route.isStreamed ?? fields['stream'] === true
  const hidesUsage =
    route.api === 'chat_completions' && isStreamed && fieldsOf(given)['include_usage'] !== true
  const changed = hidesUsage ? withUsage(text, given) : text
  const model = catalogue.resolve(name)
  return {
    model,
    route,
    text: changed,
    bytes: changed === text ? body : Buffer.from(changed),
    isStreamed,
    mostOutput: mostOutputOf(fields, model),
    hidesUsage,
  }
}

function withUsage(text: string, given: unknown): string {
  if (given === undefined) return addMember(text, 'stream_options', '{"include_usage":true}')
  const options = typeof given === 'object' ? given : {}
  return replaceMember(text, 'stream_options', JSON.stringify({ ...options, include_usage: true }))
}

/**
 * APIs call it by several names, and some take more than one; answers may be several. More than the model holds is not
 * reserved, whatever is asked for: until it is answered, others would have no budget left.
 */
function mostOutputOf(body: Fields, { context_window: window }: Model): number | undefined {
  const generation = fieldsOf(body['generationConfig'] ?? body['generation_config'])
  const given = [
    body['max_tokens'],
    body['max_output_tokens'],
    body['max_completion_tokens'],
    generation['maxOutputTokens'],
    generation['max_output_tokens'],
  ].filter(isCount)
  if (given.length === 0) return undefined
  const asked = [body['n'], generation['candidateCount']].find(isCount) ?? 1
  const answers = Math.min(asked, mostAnswers)
  return Math.min(Math.max(...given), window) * answers
}

/** What says something else counts as not said: the upstream will refuse it. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}

/** A conversation of a million tokens has a tenth of it. */
const mostParts = 2_000_000
/** Of shorter ones even the worst is parsed at once. */
const alwaysParsed = 1024 * 1024

/** The whole process waits while a body is parsed: what has values without end in it may not be. */
function requireParsable(body: Buffer): void {
  if (body.length <= alwaysParsed) return
  let parts = 0
  // By index: an iterator takes ten times as long.
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === comma || byte === bracket || byte === brace) parts += 1
  }
  if (parts > mostParts) throw new GatewayRefusal(413, 'The body has too many values in it')
}

const [comma, bracket, brace] = Buffer.from(',[{')

function readFields(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new GatewayRefusal(400, 'The body is not JSON', error)
  }
  if (isFields(value)) return value
  throw new GatewayRefusal(400, 'The body has to be a JSON object')
}
