import { request as requestHttp, STATUS_CODES } from 'node:http'
import { request as requestHttps } from 'node:https'
import {
  AddressRefused,
  createGuardedLookup,
  type DeliveryResult,
  requirePublicHost,
} from '@errand/core'

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  /** Takes any certificate: what `insecure_ssl` asks for. */
  isInsecure: boolean
  /** Whether the settings let it reach private addresses. */
  mayBePrivate: boolean
  /** Longest an answer may take. Default 10 s, as GitHub's. */
  timeoutMs?: number
}

/** GitHub's own: a receiver that takes longer has not answered. */
const defaultTimeoutMs = 10_000

/** What is kept of an answer; the rest is not read. */
const keptBytes = 64 * 1024

/**
 * Sends one delivery and tells what became of it; follows no redirect. A receiver that hangs, answers
 * without end, or is not there costs its time and is a result like any other.
 *
 * @throws what `signal` was aborted with
 */
export async function postDelivery(
  post: Post,
  signal: AbortSignal,
): Promise<Omit<DeliveryResult, 'request'>> {
  const begunMs = performance.now()
  const took = () => performance.now() - begunMs
  const limit = AbortSignal.any([signal, AbortSignal.timeout(post.timeoutMs ?? defaultTimeoutMs)])
  try {
    const { code, ...response } = await send(post, limit)
    const isOk = code >= 200 && code < 300
    const status = isOk ? 'OK' : (STATUS_CODES[code] ?? 'Unknown status')
    return { status_code: code, status, duration_ms: took(), response }
  } catch (error) {
    signal.throwIfAborted()
    // What the settings refuse today they refuse in an hour.
    const isFinal = error instanceof AddressRefused
    return { status: reasonOf(error, limit), duration_ms: took(), response: null, isFinal }
  }
}

interface Answered {
  code: number
  headers: Record<string, string>
  payload: string
}

function send(post: Post, signal: AbortSignal): Promise<Answered> {
  const url = new URL(post.url)
  if (!post.mayBePrivate) requirePublicHost(url)
  const isSecure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...post.headers, 'Content-Length': String(Buffer.byteLength(post.body)) },
      signal,
      // No connection is used twice: each is looked at when it is made.
      agent: false,
      ...(post.mayBePrivate ? {} : { lookup: createGuardedLookup() }),
      ...(isSecure ? { rejectUnauthorized: !post.isInsecure } : {}),
    })
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = []
      let size = 0
      const finish = () => {
        const headers = Object.entries(incoming.headers).map(([name, value]) => [
          name,
          String(value),
        ])
        resolve({
          // An answer that was received has a status.
          code: incoming.statusCode!,
          headers: Object.fromEntries(headers) as Record<string, string>,
          payload: Buffer.concat(chunks).subarray(0, keptBytes).toString(),
        })
        outgoing.destroy()
      }
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= keptBytes) finish()
      })
      incoming.once('end', finish)
      incoming.once('error', reject)
    })
    outgoing.end(post.body)
  })
}

/** For who reads the log: what went wrong, and nothing of this side. */
function reasonOf(error: unknown, limit: AbortSignal): string {
  if (error instanceof AddressRefused) return 'the address is private or reserved'
  if (limit.aborted) return 'timed out'
  const code = (error as NodeJS.ErrnoException).code
  return code === undefined ? 'failed to connect to host' : `failed to connect to host (${code})`
}
