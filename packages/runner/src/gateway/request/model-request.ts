import { isUtf8 } from 'node:buffer'

import type { Model } from '@errand/contract'
import { z } from 'zod'

import type { Catalogue } from '../catalogue.ts'
import { GatewayRefusal } from '../refusal.ts'
import type { CallRoute } from '../route.ts'
import { addMember, replaceMember } from './json-members.ts'

/** A call of a model, before it is known which upstream it goes to. */
export interface ModelRequest {
  model: Model
  route: CallRoute
  /** The body as it goes on, but for the name of the model, which each upstream has its own for. */
  text: string
  isStreamed: boolean
  /** Tokens the answer may have, where the agent bounds them. */
  mostOutput: number | undefined
  /** The agent has not asked for the chunk with the usage at the end of the stream, and does not get it. */
  hidesUsage: boolean
}

const count = z.number().int().min(1).optional().catch(undefined)
const Generation = z
  .object({ maxOutputTokens: count, max_output_tokens: count, candidateCount: count })
  .optional()
  .catch(undefined)
const Body = z.object({
  model: z.string().optional().catch(undefined),
  stream: z.unknown().optional(),
  stream_options: z.unknown().optional(),
  n: count,
  max_tokens: count,
  max_output_tokens: count,
  max_completion_tokens: count,
  generationConfig: Generation,
  generation_config: Generation,
})

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
  const text = body.toString('utf8')
  const parsed = Body.safeParse(parseJson(text))
  if (!parsed.success) throw new GatewayRefusal(400, 'The body has to be a JSON object')
  const name = route.model ?? parsed.data.model
  if (name === undefined) throw new GatewayRefusal(400, 'The body has to name a model')
  const { stream, stream_options: given } = parsed.data
  const isStreamed = route.isStreamed ?? stream === true
  const hidesUsage =
    route.api === 'chat_completions' && isStreamed && !asksForUsage.safeParse(given).success
  return {
    model: catalogue.resolve(name),
    route,
    text: hidesUsage ? withUsage(text, given) : text,
    isStreamed,
    mostOutput: mostOutputOf(parsed.data),
    hidesUsage,
  }
}

const asksForUsage = z.object({ include_usage: z.literal(true) })

function withUsage(text: string, given: unknown): string {
  if (given === undefined) return addMember(text, 'stream_options', '{"include_usage":true}')
  const options = typeof given === 'object' ? given : {}
  return replaceMember(text, 'stream_options', JSON.stringify({ ...options, include_usage: true }))
}

/** APIs call it by several names, and some take more than one; answers may be several. */
function mostOutputOf(body: z.infer<typeof Body>): number | undefined {
  const generation = body.generationConfig ?? body.generation_config
  const given = [
    body.max_tokens,
    body.max_output_tokens,
    body.max_completion_tokens,
    generation?.maxOutputTokens,
    generation?.max_output_tokens,
  ].flatMap((most) => most ?? [])
  if (given.length === 0) return undefined
  return Math.max(...given) * (body.n ?? generation?.candidateCount ?? 1)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatewayRefusal(400, 'The body is not JSON', error)
  }
}
