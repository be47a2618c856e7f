import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

import { Agent, buildConnector, type Dispatcher } from 'undici'

import { type AnswerBody, type ArrivingBody, createAnswerBody } from './answer/answer-body.ts'
import { AgentGone } from './refusal.ts'
import { readRawHeaders } from './request/headers.ts'
import type { SignedCall } from './upstreams/upstream-kind.ts'

/** Longest silence of an upstream: a model that thinks may not say anything for minutes. */
const silenceMs = 10 * 60_000
/** Agents run tools between two calls. A server that says for how long it keeps a connection is believed. */
const keepAliveMs = 60_000

/** What happened to connections on which something had been read: servers close those that are kept. */
const closedWhenKept = new WeakSet<Error>()
const connect = buildConnector({ allowH2: false })
const upstreams = new Agent({
  headersTimeout: silenceMs,
  bodyTimeout: silenceMs,
  keepAliveTimeout: keepAliveMs,
  connect(options, callback) {
    connect(options, (...connected) => {
      const [, socket] = connected
      socket?.on('error', (error) => {
        if (socket.bytesRead > 0) closedWhenKept.add(error)
      })
      callback(...connected)
    })
  },
})

/** The upstream was not reached, or went away before it said anything. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** An answer of which nothing but the head has been read yet. */
export interface IncomingAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: AnswerBody
}

/**
 * Sends a call and gives its answer. Redirects are not followed: they go back to the agent, where they lead nowhere.
 *
 * @param response of the agent: when it goes away, the call ends
 * @throws Unreachable, AgentGone
 */
export async function send(call: SignedCall, response: ServerResponse): Promise<IncomingAnswer> {
  for (;;) {
    const sent = await trySending(call, response)
    // The server closed a connection that was kept just as it was used again: nobody has read the call.
    if (sent !== 'stale') return sent
  }
}

/**
 * By undici's handlers and not by `node:http`: that calls back for each event of a stream through three layers, which
 * cost four times as much as all of undici (`npm run bench gateway`).
 */
function trySending(
  { origin, path, headers, body }: SignedCall,
  response: ServerResponse,
): Promise<IncomingAnswer | 'stale'> {
  if (response.destroyed) return Promise.reject(new AgentGone('before the call was sent'))
  const answered = Promise.withResolvers<IncomingAnswer | 'stale'>()
  let controller: Dispatcher.DispatchController | undefined
  let hasBegun = false
  let arriving: ArrivingBody | undefined
  let gone: AgentGone | undefined
  const onGone = (): void => {
    gone = new AgentGone('before the upstream answered', { isSent: controller !== undefined })
    answered.reject(gone)
    // Which tells the handler at once.
    controller?.abort(gone)
  }
  response.once('close', onGone)
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (gone !== undefined) started.abort(gone)
    },
    onResponseStarted() {
      hasBegun = true
    },
    onResponseStart(started, status) {
      // What comes before the answer itself says nothing of it (RFC 9110, 15.2).
      if (status < 200) return
      response.off('close', onGone)
      arriving = createAnswerBody(started)
      const headers = readRawHeaders(started.rawHeaders)
      answered.resolve({ status, headers, body: arriving.body })
    },
    onResponseData: (_, chunk) => arriving?.take(chunk),
    onResponseEnd: () => arriving?.end(),
    onResponseError(_, error) {
      response.off('close', onGone)
      if (arriving !== undefined) arriving.fail(error)
      else if (!hasBegun && isClosedWhenKept(error)) answered.resolve('stale')
      else answered.reject(unreachable(error))
    },
  }
  const whole = { ...headers, 'content-length': String(body.length) }
  upstreams.dispatch({ origin, path, method: 'POST', headers: whole, body }, handler)
  return answered.promise
}

function isClosedWhenKept(error: Error): boolean {
  const { code, socket } = error as { code?: unknown; socket?: { bytesRead?: number } }
  if (code === 'UND_ERR_SOCKET') return (socket?.bytesRead ?? 0) > 0
  return (code === 'ECONNRESET' || code === 'EPIPE') && closedWhenKept.has(error)
}

function unreachable(cause: Error): Unreachable {
  return new Unreachable("The model's upstream could not be reached", { cause })
}
