import type { ServerResponse } from 'node:http'
import type { Log } from '@errand/core'
import type { FastifyReply } from 'fastify'

/** Server-sent events as they go over the wire, until there are no more or the signal aborts. */
export type Frames = (signal: AbortSignal) => AsyncIterable<string>

export interface EventStreamOptions {
  log: Log
  /** Comments this often keep proxies from closing a quiet stream. Default 15 s. */
  keepAliveMs?: number
  /** After this long the client must come again, and is asked again who it is. Default an hour. */
  lifeMs?: number
}

/**
 * Sends server-sent events until there are no more, or the client goes away. Takes the connection
 * over, with the headers that were set so far. A HEAD gets the headers, and nothing is followed for it.
 */
export async function sendEventStream(
  reply: FastifyReply,
  frames: Frames,
  options: EventStreamOptions,
): Promise<void> {
  const { log, keepAliveMs = 15_000, lifeMs = 3_600_000 } = options
  const response = beginStream(reply)
  if (reply.request.method === 'HEAD') {
    // Node sends the headers of an answer without a body at its end: the client would wait for the last event.
    response.end()
    return
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(lifeMs)])
  const keepAlive = setInterval(() => {
    // A reader that takes nothing in is not helped by more.
    if (!response.writableNeedDrain) response.write(sign)
  }, keepAliveMs)
  try {
    for await (const frame of frames(signal)) {
      // A reader slower than the log makes the log wait, not our memory grow.
      if (!response.write(frame)) await drained(response, signal)
    }
  } catch (error) {
    // The answer has begun: the client sees a stream that ended, and comes again.
    log.error({ err: error, requestId: reply.request.id }, 'an event stream broke off')
  } finally {
    clearInterval(keepAlive)
    response.end()
  }
}

/** One event. Neither id nor type holds a line break: both are ours. */
export function eventFrame(id: string, type: string, data: unknown): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A comment: a sign of life. */
const sign = ': here\n\n'

function beginStream(reply: FastifyReply): ServerResponse {
  reply.hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value)
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  // The client learns that it is heard before anything has happened.
  response.write(sign)
  return response
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    function done(): void {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.once('drain', done)
    signal.addEventListener('abort', done)
  })
}
