import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { GatewayRefusal } from '../refusal.ts'
import type { TokenCount } from '../tokens/token-report.ts'
import type { AnswerBody } from './answer-body.ts'
import type { Meter } from './meter.ts'
import type { Step } from './step.ts'

/** Counts an answer as it passes. */
export interface Metered {
  meter: Meter
  /** Stores what was used so far. */
  count: (tokens: TokenCount) => Promise<void>
  /** Stores what was used in the end. */
  end: (tokens: TokenCount) => Promise<void>
  /** Why the model that answers may not; absent where each may. */
  refusalOf: ((answeredBy: string) => string | undefined) | undefined
}

export interface PassingAnswer {
  status: number
  headers: OutgoingHttpHeaders
  body: AnswerBody
  /** What makes the events of its wire of it, before it is counted. */
  reframe?: Step
  /** What changes on the way, after it was counted. */
  step: Step
  /** Absent for what costs nothing. */
  metered?: Metered | undefined
}

/** Between two early reports of one answer: servers that count in each event would fill the store. */
const reportEveryMs = 1000

/**
 * Lets an answer pass as it comes. Only the chunk with the last word on tokens waits until it is stored, or
 * the end where that is no stream: an agent never has a whole answer of which the count is lost with
 * this process. The answer of a model that may not answer is cut off. When either side goes away, so does
 * the other.
 *
 * @throws GatewayRefusal 403 when the model that answers may not
 */
export async function passAnswer(answer: PassingAnswer, response: ServerResponse): Promise<void> {
  const { body, reframe, step, metered } = answer
  const onGone = (): void => body.destroy()
  response.once('close', onGone)
  try {
    if (response.destroyed) onGone()
    response.writeHead(answer.status, answer.headers)
    // With the first bytes, where they are here already; else before them.
    const head = setImmediate(() => response.flushHeaders())
    const length = Number(answer.headers['content-length'] ?? Number.NaN)
    let passed = 0
    const reports = createReports(metered)
    for await (const chunk of reframe === undefined ? body : reframeAll(body, reframe)) {
      const isReadLater = passed === 0 && reports.mayPassUnread(chunk)
      const stored = isReadLater ? undefined : reports.take(chunk)
      if (stored !== undefined) await stored
      passed += chunk.length
      // The last byte that was promised is the end, for who asked.
      if (passed === length) await reports.countWhole()
      const passing = step.push(chunk)
      if (passing.length > 0 && !response.write(passing)) await drained(response)
      if (isReadLater) {
        // By then the system has it.
        await nextTurn()
        await reports.take(chunk)
      }
    }
    if (passed !== length) await reports.countWhole()
    const rest = step.end()
    if (rest.length > 0) response.write(rest)
    clearImmediate(head)
    response.end()
  } finally {
    response.off('close', onGone)
    body.destroy()
  }
}

async function* reframeAll(body: AnswerBody, reframe: Step): AsyncGenerator<Buffer> {
  for await (const chunk of body) yield reframe.push(chunk)
  yield reframe.end()
}

function createReports(metered: Metered | undefined) {
  if (metered === undefined) {
    const nothing = () => undefined
    return { mayPassUnread: () => false, take: nothing, countWhole: nothing } as const
  }
  const { meter, count, end, refusalOf } = metered
  let isLookedAt = false
  let reportedAt = Number.NEGATIVE_INFINITY

  /** Why the model that answers may not, as soon as it has said who it is. */
  function findRefusal(): string | undefined {
    if (isLookedAt || refusalOf === undefined || meter.answeredBy === undefined) return undefined
    isLookedAt = true
    return refusalOf(meter.answeredBy)
  }

  async function refuse(reason: string): Promise<void> {
    await count(meter.count())
    throw new GatewayRefusal(403, reason)
  }

  return {
    /** Whether nothing hangs on the first chunk, for which the agent waits: not who answers, and not what was used. */
    mayPassUnread: (first: Buffer) => refusalOf === undefined && meter.isSilent(first),
    /** Undefined where nothing has to be waited for. */
    take(chunk: Buffer): Promise<void> | undefined {
      const news = meter.push(chunk)
      const reason = findRefusal()
      return reason === undefined ? store(news) : refuse(reason)
    },
    async countWhole(): Promise<void> {
      if (meter.isStream) return
      const tokens = meter.count()
      const reason = findRefusal()
      await (reason === undefined ? count(tokens) : refuse(reason))
    },
  }

  function store(news: ReturnType<Meter['push']>): Promise<void> | undefined {
    // Nearly always the last word and the end come together, and are one statement.
    if (news === 'final') return meter.isEnded ? end(meter.count()) : count(meter.count())
    if (news === 'reported' && performance.now() - reportedAt >= reportEveryMs) {
      reportedAt = performance.now()
      void count(meter.count())
    }
    return undefined
  }
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return
  const settled = new AbortController()
  const options = { signal: settled.signal }
  // One of the two comes; the other is given up, and rejects for that.
  const either = [once(response, 'drain', options), once(response, 'close', options)]
  await Promise.race(either)
  settled.abort()
  await Promise.allSettled(either)
}
