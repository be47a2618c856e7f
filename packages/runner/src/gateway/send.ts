import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

import { AgentGone } from './refusal.ts'
import type { SignedCall } from './upstreams/upstream-kind.ts'

/** Longest silence of an upstream: a model that thinks may not say anything for minutes. */
const silenceMs = 10 * 60_000

const agents = {
  'http:': new HttpAgent({ keepAlive: true }),
  'https:': new HttpsAgent({ keepAlive: true }),
}

/** The upstream was not reached, or went away before it said anything. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/**
 * Sends a call and gives its answer, of which nothing has been read yet. Redirects are not followed: they go
 * back to the agent, where they lead nowhere.
 *
 * @param response of the agent: when it goes away, the call ends
 * @throws Unreachable, AgentGone
 */
export async function send(call: SignedCall, response: ServerResponse): Promise<IncomingMessage> {
  for (;;) {
    const sent = await trySending(call, response)
    // The server closed a connection that was kept just as it was used again: nobody has read the call.
    if (sent !== 'stale') return sent
  }
}

function trySending(
  { url, headers, body }: SignedCall,
  response: ServerResponse,
): Promise<IncomingMessage | 'stale'> {
  if (response.destroyed) return Promise.reject(new AgentGone('before the call was sent'))
  const isSecure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
      agent: isSecure ? agents['https:'] : agents['http:'],
      timeout: silenceMs,
    })
    const gone = new AgentGone('before the upstream answered', { isSent: true })
    const onGone = (): void => void sent.destroy(gone)
    response.once('close', onGone)
    sent.once('timeout', () => sent.destroy(new Error('the upstream was silent for too long')))
    sent.once('response', (answer) => {
      response.off('close', onGone)
      resolve(answer)
    })
    sent.on('error', (error) => {
      if (error === gone) reject(gone)
      else if (sent.reusedSocket && isReset(error)) resolve('stale')
      else reject(new Unreachable("The model's upstream could not be reached", { cause: error }))
    })
    sent.once('close', () => response.off('close', onGone))
    sent.end(body)
  })
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
