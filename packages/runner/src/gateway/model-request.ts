import { isUtf8 } from 'node:buffer'

import type { Model } from '@errand/contract'
import { z } from 'zod'

import type { Catalogue } from './catalogue.ts'
import { addMember, replaceMember } from './json-members.ts'
import { GatewayRefusal } from './refusal.ts'
import type { ModelApi } from './token-count.ts'

/** A call of a model as it goes on to the upstream. */
export interface ModelRequest {
  model: Model
  body: Buffer
}

const Body = z.object({
  model: z.string().optional().catch(undefined),
  stream: z.unknown().optional(),
  stream_options: z.unknown().optional(),
})

/**
 * Puts the upstream's name of the model in place of the one the agent uses; every other byte stays as
 * it came. The one exception: a streamed Chat Completion tells its tokens only when asked to, so it is
 * asked to (`stream_options`) where the agent has not said anything about it. The stream then ends with
 * one more chunk, without choices, as OpenAI's own clients know it.
 *
 * @throws GatewayRefusal 400
 */
export function prepareModelRequest(
  catalogue: Catalogue,
  api: ModelApi | undefined,
  body: Buffer,
): ModelRequest {
  if (!isUtf8(body)) throw new GatewayRefusal(400, 'The body is not UTF-8')
  const text = body.toString('utf8')
  const parsed = Body.safeParse(parseJson(text))
  if (!parsed.success) throw new GatewayRefusal(400, 'The body has to be a JSON object')
  const { model: name, stream, stream_options: streamOptions } = parsed.data
  if (name === undefined) throw new GatewayRefusal(400, 'The body has to name a model')
  const model = catalogue.resolve(name)
  const named = replaceMember(text, 'model', JSON.stringify(model.name ?? model.id))
  const isUncounted = api === 'chat_completions' && stream === true && streamOptions === undefined
  const counted = isUncounted ? addMember(named, 'stream_options', '{"include_usage":true}') : named
  return { model, body: Buffer.from(counted) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatewayRefusal(400, 'The body is not JSON', error)
  }
}
