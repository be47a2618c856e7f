import { Readable, Writable } from 'node:stream'

import {
  type AnyMessage,
  type AnyRequest,
  ndJsonStream,
  type Stream,
} from '@agentclientprotocol/sdk'

import type { BoxedProcess } from '../box/index.ts'

/** Longest message an agent may send: enough for a screenshot in a tool's result. */
export const longestMessageBytes = 8 * 1024 * 1024

/** Requests of the agent that may be unanswered at a time; further ones are not read. */
const mostUnanswered = 32

/**
 * The messages of an agent that may be hostile: of bounded length, no more requests at a time than we
 * answer, no answers to what was never asked. Its updates are taken out here: the library would hold
 * them against a schema and print what does not fit.
 */
export function openAcpStream(
  agent: Pick<BoxedProcess, 'stdin' | 'stdout'>,
  onUpdate: (update: unknown) => void,
): Stream {
  // An agent that dies closes both; how it fared is told by its exit.
  agent.stdin.on('error', () => undefined)
  agent.stdout.on('error', () => undefined)
  const lines = ndJsonStream(
    Writable.toWeb(agent.stdin),
    // Node's type of a web stream and the global one are the same object.
    Readable.toWeb(agent.stdout) as ReadableStream<Uint8Array>,
    { maxMessageBytes: longestMessageBytes },
  )
  return guardMessages(lines, onUpdate)
}

function guardMessages(
  { readable, writable }: Stream,
  onUpdate: (update: unknown) => void,
): Stream {
  const asked = new Set<unknown>()
  let unanswered = 0
  let onAnswered: (() => void) | undefined
  const writer = writable.getWriter()

  const incoming = new TransformStream<AnyMessage, AnyMessage>({
    async transform(message, controller) {
      if (isRequest(message)) {
        unanswered += 1
        // Messages come one by one: no further one is read before this is over.
        if (unanswered > mostUnanswered) {
          await new Promise<void>((resolve) => (onAnswered = resolve))
        }
      } else if ('method' in message) {
        if (message.method === 'session/update') onUpdate(message.params)
        if (message.method !== '$/cancel_request') return
      } else if (!asked.delete(message.id)) {
        return
      }
      controller.enqueue(message)
    },
  })
  const outgoing = new WritableStream<AnyMessage>({
    async write(message) {
      if (isRequest(message)) asked.add(message.id)
      await writer.write(message)
      if (!('method' in message)) {
        unanswered -= 1
        onAnswered?.()
      }
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  })
  return { readable: readable.pipeThrough(incoming), writable: outgoing }
}

function isRequest(message: AnyMessage): message is AnyRequest {
  return 'method' in message && 'id' in message
}
