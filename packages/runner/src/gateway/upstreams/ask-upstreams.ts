import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

import type { Redaction } from '../../redaction/redact-secrets.ts'
import type { AnswerBody } from '../answer/answer-body.ts'
import { decodeAnswer } from '../answer/decode-answer.ts'
import { AgentGone, GatewayRefusal } from '../refusal.ts'
import { headersForAgent } from '../request/headers.ts'
import type { ModelRequest } from '../request/model-request.ts'
import { type IncomingAnswer, send, Unreachable } from '../send.ts'
import type { Upstreams } from './open-upstreams.ts'
import { redactionOf } from './redaction-of.ts'
import { isUnhealthy, isWorthRetrying, retryDelayMs } from './retry-delay.ts'
import { signCall } from './sign-call.ts'
import type { Target } from './targets.ts'
import { KeyMissing } from './upstream-keys.ts'
import type { SignedCall, UnsignedCall } from './upstream-kind.ts'

/** The answer of an upstream, unpacked, with no secret in its headers. Below 400 its body is unread. */
export interface UpstreamAnswer {
  target: Target
  status: number
  headers: OutgoingHttpHeaders
  contentType: string | undefined
  body: AnswerBody
  /** The whole body of a refusal, without secrets. */
  refusal?: Buffer
  redaction: Redaction
  reframe: SignedCall['reframe']
}

export interface Asking {
  targets: readonly Target[]
  request: ModelRequest
  headers: IncomingMessage['headers']
  response: ServerResponse
  /** Aborts when the run stops. */
  signal: AbortSignal
  /** Waits before another try. Only tests need another way. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const defaultRetries = 2
/** Kept of a refusal's body. */
const longestRefusal = 256 * 1024

/**
 * Asks the first upstream that serves the model; after 429, 529, a 5xx or no answer at all once more, and
 * again, and then the next. What none would answer is the last one's refusal, as it came.
 *
 * @throws GatewayRefusal 502 where none could be reached, 503 where all are left alone for now
 * @throws AgentGone
 */
export async function askUpstreams(upstreams: Upstreams, asking: Asking): Promise<UpstreamAnswer> {
  let last: UpstreamAnswer | GatewayRefusal | undefined
  for (const target of asking.targets) {
    const breaker = upstreams.breakerOf(target.upstreamName)
    if (!breaker.mayTry()) {
      const message = `The upstream ${target.upstreamName} of this model does not answer; it is tried again in some seconds`
      last ??= new GatewayRefusal(503, message)
      continue
    }
    try {
      last = await askOne(upstreams, target, asking)
    } catch (error) {
      if (!isOfKey(error)) throw error
      last = error
    }
    if (!(last instanceof GatewayRefusal) && !isWorthRetrying(last.status)) return last
  }
  if (last === undefined) throw new GatewayRefusal(404, 'No upstream serves this model')
  if (last instanceof GatewayRefusal) throw last
  return last
}

/** Whether an upstream was not asked, as its key is not there: the next may have one. */
function isOfKey(error: unknown): error is GatewayRefusal {
  return error instanceof GatewayRefusal && error.cause instanceof KeyMissing
}

/** Asks one upstream until it answers, or is not asked again. */
async function askOne(
  upstreams: Upstreams,
  target: Target,
  asking: Asking,
): Promise<UpstreamAnswer | GatewayRefusal> {
  const breaker = upstreams.breakerOf(target.upstreamName)
  const tell = (isAnswering: boolean) => void upstreams.tell(target.upstreamName, isAnswering)
  for (let tries = 1; ; tries += 1) {
    let found: UpstreamAnswer | GatewayRefusal
    try {
      found = await tryOnce(upstreams, target, asking)
    } catch (error) {
      breaker.unknown()
      throw error
    }
    const answer = found instanceof GatewayRefusal ? undefined : found
    if (answer !== undefined && !isUnhealthy(answer.status)) {
      if (breaker.succeeded()) tell(true)
    } else if (breaker.failed()) tell(false)
    if (answer !== undefined && !isWorthRetrying(answer.status)) return answer
    const retries = target.upstream.max_retries ?? defaultRetries
    const delayMs = retryDelayMs(tries, answer === undefined ? {} : headersOf(answer))
    if (tries > retries || delayMs === undefined || !breaker.mayTry()) return found
    await wait(asking, delayMs)
  }
}

/** Signed anew each time: signatures end, and so do keys. */
async function tryOnce(
  upstreams: Upstreams,
  target: Target,
  asking: Asking,
): Promise<UpstreamAnswer | GatewayRefusal> {
  const used = await keyFor(upstreams, target)
  const answer = await exchange(target, asking, used)
  if (answer instanceof GatewayRefusal || answer.status !== 401) return answer
  upstreams.keys.forget(target.upstreamName)
  const renewed = await keyFor(upstreams, target)
  return renewed === used ? answer : await exchange(target, asking, renewed)
}

async function keyFor({ keys }: Upstreams, target: Target): Promise<string | undefined> {
  try {
    return await keys.keyOf(target.upstreamName, target.upstream)
  } catch (error) {
    // An operator reads it in the session's log, and knows which setting to look at.
    if (error instanceof KeyMissing) throw new GatewayRefusal(500, error.message, error)
    throw error
  }
}

async function exchange(
  target: Target,
  { request, headers, response }: Asking,
  key: string | undefined,
): Promise<UpstreamAnswer | GatewayRefusal> {
  const { route, text, bytes, isStreamed } = request
  const { upstream, name } = target
  const signed = await signOrRefuse(target, {
    upstream,
    name,
    route,
    text,
    bytes,
    isStreamed,
    headers,
    key,
  })
  if (signed instanceof GatewayRefusal) return signed
  try {
    const sent = send(signed, response)
    // While the upstream is at it.
    const redaction = redactionOf(signed.secrets)
    const incoming = await sent
    const { body, isDecoded } = decodeAnswer(incoming)
    const { status } = incoming
    const answer: UpstreamAnswer = {
      target,
      status,
      headers: headersOfAnswer(incoming, redaction, isDecoded),
      contentType: incoming.headers['content-type'],
      body,
      redaction,
      reframe: signed.reframe,
    }
    if (status < 400) return answer
    return { ...answer, refusal: await readRefusal(body, redaction, response) }
  } catch (error) {
    if (error instanceof Unreachable) return new GatewayRefusal(502, error.message, error)
    throw error
  }
}

async function signOrRefuse(
  { upstreamName }: Target,
  call: UnsignedCall,
): Promise<SignedCall | GatewayRefusal> {
  try {
    return await signCall(call)
  } catch (error) {
    if (!(error instanceof KeyMissing)) throw error
    return new GatewayRefusal(500, `upstreams.${upstreamName}: ${error.message}`, error)
  }
}

function headersOfAnswer(
  { headers }: IncomingAnswer,
  redaction: Redaction,
  isDecoded: boolean,
): OutgoingHttpHeaders {
  const kept = headersForAgent(headers, (value) => redaction.text(value))
  if (!isDecoded) return kept
  const { 'content-encoding': _encoding, 'content-length': _length, ...others } = kept
  return others
}

/** As far as it is kept; what breaks off in the middle is what there is. */
async function readRefusal(
  body: AnswerBody,
  redaction: Redaction,
  response: ServerResponse,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  const onGone = (): void => body.destroy()
  response.once('close', onGone)
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > longestRefusal) break
    }
  } catch {
    if (response.destroyed) throw new AgentGone('while the upstream refused')
  } finally {
    response.off('close', onGone)
    body.destroy()
  }
  return redaction.bytes(Buffer.concat(chunks).subarray(0, longestRefusal))
}

function headersOf({ headers }: UpstreamAnswer): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

async function wait({ response, signal, pause = pauseFor }: Asking, ms: number): Promise<void> {
  const gone = new AbortController()
  const onGone = (): void => gone.abort()
  response.once('close', onGone)
  if (response.destroyed) onGone()
  try {
    await pause(ms, AbortSignal.any([gone.signal, signal]))
  } catch (error) {
    if (gone.signal.aborted) throw new AgentGone('while the upstream was left alone')
    throw error
  } finally {
    response.off('close', onGone)
  }
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal })
}
