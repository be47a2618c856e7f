import { AnswerError } from './answer-error.ts'
import { Event } from './event.ts'
import { readServerSentEvents } from './server-sent-events.ts'
import { sleep } from './sleep.ts'

/** A stream without a byte for this long is dead: servers send keep-alive comments far more often. */
const silenceTimeoutMs = 90_000
const firstRetryMs = 250
const longestRetryMs = 10_000
/** Long enough for a server to be restarted; then its absence is an error to be told. */
const giveUpAfterMs = 300_000

/** What following needs of a client, for one task. */
export interface EventSource {
  /** Asks for the stream of what came after `lastId`. */
  open(lastId: string | undefined, signal: AbortSignal): Promise<Response>
  /** Whether the task has ended, so that a closed stream is its end and not a broken line. */
  hasEnded(signal: AbortSignal | undefined): Promise<boolean>
}

/**
 * A task's events, past and live. A broken connection is taken up again after the last event seen
 * (`Last-Event-ID`); an answer that is an error is thrown, except a server that is starting or
 * overloaded. A stream that closes is believed only when the task has ended. Throws the signal's
 * reason when it is aborted, and the last failure when there was no contact at all, or none for long.
 */
export async function* followEvents(
  source: EventSource,
  options: { after?: string; signal?: AbortSignal } = {},
): AsyncGenerator<Event> {
  const { signal } = options
  let lastId = options.after
  let retryMs = firstRetryMs
  let lastContact: number | undefined
  for (;;) {
    try {
      for await (const event of readStream(source, lastId, signal)) {
        lastContact = Date.now()
        lastId = event.id
        retryMs = firstRetryMs
        yield event
      }
      if (await source.hasEnded(signal)) return
      lastContact = Date.now()
    } catch (error) {
      signal?.throwIfAborted()
      const isLost = lastContact === undefined || Date.now() - lastContact > giveUpAfterMs
      if (isLost || !isPassing(error)) throw error
    }
    await sleep(retryMs, signal)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
}

async function* readStream(
  source: EventSource,
  lastId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new StreamSilent()), silenceTimeoutMs)
  try {
    const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
    const { body } = await source.open(lastId, either)
    if (body === null) return
    const alive = withEachChunk(body, () => timer.refresh())
    for await (const message of readServerSentEvents(alive)) {
      yield Event.parse(JSON.parse(message.data))
    }
  } finally {
    clearTimeout(timer)
  }
}

class StreamSilent extends Error {}

async function* withEachChunk<T>(chunks: AsyncIterable<T>, seen: () => void): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    seen()
    yield chunk
  }
}

/** fetch reports a lost connection as a TypeError with a cause, before the answer and within it. */
function isPassing(error: unknown): boolean {
  if (error instanceof AnswerError) return [429, 502, 503, 504].includes(error.status)
  return error instanceof StreamSilent || (error instanceof TypeError && error.cause !== undefined)
}
