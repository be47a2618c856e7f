import { EventStreamCodec } from '@smithy/core/event-streams'
import { z } from 'zod'

import { nothing, type Step } from '../answer/step.ts'
import { GatewayRefusal } from '../refusal.ts'

/** The longest message there may be, 24 MiB: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html */
const longestMessage = 24 * 1024 * 1024

const Chunk = z.object({ bytes: z.base64() })
const AnthropicEvent = z.looseObject({ type: z.string() })
const Exception = z.object({ message: z.string().catch('') }).catch({ message: '' })
const Count = z.object({ inputTokens: z.int().min(0) })

interface Reframed {
  step: Step
  contentType: string
}

/**
 * The events of Anthropic's wire that stand, one in each message, in an event stream of AWS.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 */
export function eventsOfBedrock(): Reframed {
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes as Uint8Array).toString(),
    (text) => Buffer.from(text),
  )
  let held: Buffer = nothing
  let broken: GatewayRefusal | undefined
  return {
    contentType: 'text/event-stream',
    step: {
      push(chunk) {
        if (broken !== undefined) throw broken
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
        const events: string[] = []
        try {
          for (let length = lengthOf(held); length !== undefined; length = lengthOf(held)) {
            events.push(presentMessage(codec.decode(held.subarray(0, length))))
            held = held.subarray(length)
          }
        } catch (cause) {
          // What came before it passes, and is counted.
          broken = new GatewayRefusal(502, "The model's upstream sent what cannot be read", cause)
        }
        // What came in is the socket's.
        held = Buffer.from(held)
        return events.length === 0 ? nothing : Buffer.from(events.join(''))
      },
      end() {
        if (broken !== undefined) throw broken
        // Half of a message says nothing.
        return nothing
      },
    },
  }
}

/** Of the first message, in bytes; undefined while it is not all there. */
function lengthOf(held: Buffer): number | undefined {
  if (held.length < 4) return undefined
  const length = held.readUInt32BE(0)
  if (length > longestMessage) throw new RangeError(`a message of ${length} bytes is too long`)
  return held.length < length ? undefined : length
}

function presentMessage({ headers, body }: ReturnType<EventStreamCodec['decode']>): string {
  const text = Buffer.from(body).toString()
  const type = headers[':message-type']?.value
  if (type === 'event') {
    const { bytes } = Chunk.parse(JSON.parse(text))
    return presentEvent(AnthropicEvent.parse(JSON.parse(Buffer.from(bytes, 'base64').toString())))
  }
  const name = String(headers[':exception-type']?.value ?? headers[':error-code']?.value ?? type)
  const { message } = Exception.parse(parseOr(text))
  return presentEvent({
    type: 'error',
    error: { type: errorTypes.get(name) ?? 'api_error', message: `${name}: ${message}` },
  })
}

const errorTypes = new Map([
  ['throttlingException', 'rate_limit_error'],
  ['serviceUnavailableException', 'overloaded_error'],
  ['validationException', 'invalid_request_error'],
])

function presentEvent(event: { type: string; [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** `CountTokens` tells it by another name than Anthropic's `count_tokens`. */
export function countOfBedrock(): Reframed {
  const chunks: Buffer[] = []
  return {
    contentType: 'application/json',
    step: {
      push(chunk) {
        chunks.push(chunk)
        return nothing
      },
      end() {
        const found = Count.safeParse(parseOr(Buffer.concat(chunks).toString()))
        if (found.success)
          return Buffer.from(JSON.stringify({ input_tokens: found.data.inputTokens }))
        throw new GatewayRefusal(502, "The model's upstream sent what cannot be read", found.error)
      },
    },
  }
}
