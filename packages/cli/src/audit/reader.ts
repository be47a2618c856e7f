import { setTimeout as sleep } from 'node:timers/promises'
import { AnswerError, type Client } from '@errand/contract'
import type { EtagCache } from './etag-cache.ts'
import type { ReadPace } from './read-pace.ts'

export interface Answer {
  body: unknown
  etag: string | undefined
  /** Whether a next page follows. */
  hasNext: boolean
}

/** Reads within a server's limits, each answer again at no cost while it is the same. */
export interface Reader {
  /** @throws AnswerError; UnreadableAnswer; whatever fetch throws, after some more tries */
  get(path: string): Promise<Answer>
  readonly counts: { sent: number; notModified: number }
}

/** An answer that is no JSON, or far too much of it. */
export class UnreadableAnswer extends Error {}

export interface ReaderContext {
  client: Client
  cache: EtagCache
  pace: ReadPace
  signal: AbortSignal
}

const timeoutMs = 30_000
/** Waits after a failure that may pass: a busy server, a broken connection. */
const retryAfterMs = [500, 2000]
/** How often a limit may be met for one answer; with GitHub's waits, some hours. */
const mostLimits = 5
const maxBytes = 5_000_000

export function createReader(context: ReaderContext): Reader {
  const counts = { sent: 0, notModified: 0 }
  return {
    counts,
    async get(path) {
      let failures = 0
      let limits = 0
      for (;;) {
        try {
          return await ask(context, counts, path)
        } catch (error) {
          context.signal.throwIfAborted()
          if (error instanceof AnswerError && error.retryAfterMs !== undefined) {
            limits += 1
            if (limits > mostLimits) throw error
            // To the second before its time would be one more refusal.
            context.pace.pause(Math.max(1000, error.retryAfterMs))
          } else {
            const waitMs = retryAfterMs[failures]
            if (waitMs === undefined || !mayPass(error)) throw error
            failures += 1
            await sleep(waitMs)
            context.signal.throwIfAborted()
          }
        }
      }
    },
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof UnreadableAnswer) return false
  return !(error instanceof AnswerError) || error.status >= 500 || error.status === 408
}

async function ask(
  { client, cache, pace, signal }: ReaderContext,
  counts: Reader['counts'],
  path: string,
): Promise<Answer> {
  await pace.turn(signal)
  const cached = cache.get(path)
  counts.sent += 1
  const response = await client.request('GET', path, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    ...(cached && { headers: { 'if-none-match': cached.etag } }),
  })
  pace.heed(response.headers)
  if (response.status === 304 && cached !== undefined) {
    counts.notModified += 1
    await response.body?.cancel()
    return { body: parse(cached.body), etag: cached.etag, hasNext: cached.has_next }
  }
  const body = await readText(response)
  const etag = response.headers.get('etag') ?? undefined
  const hasNext = /rel="next"/.test(response.headers.get('link') ?? '')
  const answer = { body: parse(body), etag, hasNext }
  if (etag !== undefined) await cache.put({ path, etag, body, has_next: hasNext })
  return answer
}

/** A server is not trusted to stop by itself. */
async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of body ?? []) {
    // fetch's chunks are bytes; only the type of its stream does not say so.
    const bytes = chunk as Uint8Array
    size += bytes.length
    if (size > maxBytes) throw new UnreadableAnswer('the answer is far too long')
    text += decoder.decode(bytes, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UnreadableAnswer('the answer is no JSON', { cause })
  }
}
