import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { Upstream } from '@errand/contract'

import { headersForAgent, headersForUpstream } from './headers.ts'
import type { Meter } from './meter.ts'
import { GatewayRefusal } from './refusal.ts'
import type { TokenCount } from './token-count.ts'

export interface ForwardedCall {
  upstream: Upstream
  key: string | undefined
  /** Below the upstream's base URL, with the query. */
  path: string
  body: Buffer
}

/** How an upstream has answered. */
export interface Answered {
  status: number
  /** What it said when it refused; without the key, should it repeat it. */
  refusal?: string
}

/** Longest silence of an upstream: a model that thinks may not say anything for minutes. */
const silenceMs = 10 * 60_000
/** Kept of a refusal's body. */
const longestRefusal = 256 * 1024

const agents = {
  'http:': new HttpAgent({ keepAlive: true }),
  'https:': new HttpsAgent({ keepAlive: true }),
}

/**
 * Sends a call on with the key put in, and its answer back as it comes. When either side goes away, so
 * does the other. Redirects are not followed: they go back to the agent, where they lead nowhere.
 *
 * @param meterFor a meter for an answer that is not a refusal
 * @throws GatewayRefusal 502 when the upstream cannot be reached
 */
export async function forward(
  call: ForwardedCall,
  request: IncomingMessage,
  response: ServerResponse,
  meterFor: (answer: IncomingMessage) => Metered | undefined,
): Promise<Answered> {
  const answer = await send(call, request, response)
  // Always there on an answer.
  const status = answer.statusCode as number
  if (status >= 400) return await passRefusal(call, answer, response, status)
  const metered = meterFor(answer)
  response.writeHead(status, headersForAgent(answer.headers))
  if (metered === undefined) await pipeline(answer, response)
  else {
    const length = Number(answer.headers['content-length'] ?? Number.NaN)
    await pipeline(answer, countPassing(metered, length), response)
  }
  return { status }
}

/** Counts an answer as it passes. */
export interface Metered {
  meter: Meter
  /** Stores what was used so far. */
  count: (tokens: TokenCount) => Promise<void>
  /** Why the model that answers may not. */
  refusalOf: (answeredBy: string) => string | undefined
}

/**
 * Lets an answer pass as it comes. Only the chunk with the last word on tokens waits until it is stored, or
 * the end where that is no stream: an agent never has a whole answer of which the count is lost with this
 * process. The answer of a model that may not answer is cut off.
 *
 * @param length of the answer in bytes; NaN where it is not known before
 */
function countPassing({ meter, count, refusalOf }: Metered, length: number): Transform {
  let passed = 0
  let isLookedAt = false
  function refusal(): Error | undefined {
    if (isLookedAt || meter.answeredBy === undefined) return undefined
    isLookedAt = true
    const reason = refusalOf(meter.answeredBy)
    return reason === undefined ? undefined : new GatewayRefusal(403, reason)
  }
  /** Counts, and only then lets go what waits; unless it turns out that it may not pass. */
  async function countFirst(done: TransformCallback, chunk?: Buffer): Promise<void> {
    const tokens = meter.count()
    const refused = refusal()
    await count(tokens)
    if (refused === undefined) done(null, chunk)
    else done(refused)
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const news = meter.push(chunk)
      passed += chunk.length
      // The last byte that was promised is the end, for who asked.
      if (news === 'final' || (!meter.isStream && passed === length)) {
        void countFirst(done, chunk)
        return
      }
      const refused = refusal()
      if (refused !== undefined) return done(refused)
      if (news === 'reported') void count(meter.count())
      done(null, chunk)
    },
    flush(done) {
      if (meter.isStream || passed === length) done()
      else void countFirst(done)
    },
  })
}

function send(
  { upstream, key, path, body }: ForwardedCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<IncomingMessage> {
  const url = new URL(upstream.base_url.replace(/\/+$/, '') + path)
  const isSecure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: {
        ...headersForUpstream(request.headers, upstream, key),
        'content-length': body.length,
      },
      agent: isSecure ? agents['https:'] : agents['http:'],
      timeout: silenceMs,
    })
    const onGone = (): void => void sent.destroy(new Error('the agent has gone away'))
    response.once('close', onGone)
    sent.once('timeout', () => sent.destroy(new Error('the upstream was silent for too long')))
    sent.once('response', resolve)
    sent.on('error', (error) => {
      reject(new GatewayRefusal(502, `The model's upstream could not be reached`, error))
    })
    sent.once('close', () => response.off('close', onGone))
    sent.end(body)
  })
}

/** A refusal is passed on whole, but for what it may say about the key: that is not the agent's. */
async function passRefusal(
  { key }: ForwardedCall,
  answer: IncomingMessage,
  response: ServerResponse,
  status: number,
): Promise<Answered> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text = (text + chunk).slice(0, longestRefusal)
  }
  if (status === 401 || status === 403) {
    throw new GatewayRefusal(status, "The model's upstream refused the key it is configured with")
  }
  const shown = key === undefined || key === '' ? text : text.replaceAll(key, '[key]')
  const headers = headersForAgent(answer.headers)
  delete headers['content-length']
  response.writeHead(status, headers)
  response.end(shown)
  return { status, refusal: shown }
}
