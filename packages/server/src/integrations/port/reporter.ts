import {
  claimRuns,
  closeRun,
  type HeldRun,
  isDisconnected,
  postponeRun,
  StaleRun,
} from '@errand/core'
import type { ServerContext } from '../../context.ts'
import { beginRun } from './begin-run.ts'
import { type PortClient, PortError } from './client.ts'
import { reportRun } from './report-run.ts'

/** The name of this portal among the runs that are stored. */
export const portal = 'port'

/** What a reporter of Port works with, beside the server's own. */
export interface PortAccess {
  client: PortClient
  /** Of the account that tasks are started as. */
  token: string
}

export interface Reporter {
  /** Something was accepted: looks at once. */
  wake(): void
  close(): Promise<void>
}

/** How often it is looked for something to tell. Also what parts two reports of one run. */
const pollMs = 1000
const atATime = 8

const firstRetrySeconds = 1
const longestRetrySeconds = 600

/** With the pauses above, about a week. */
const mostFailures = 1000

/** Carries out the runs of Port and tells Port of them, until it is closed. */
export function startReporter(context: ServerContext, access: PortAccess): Reporter {
  const closing = new AbortController()
  let rouse = (): void => undefined
  let isAway = false

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      // Made before the pass: what is accepted while it runs ends the sleep after it.
      const woken = new Promise<void>((resolve) => (rouse = resolve))
      try {
        await sweepRuns(context, access, closing.signal)
        isAway = false
      } catch (error) {
        if (!isDisconnected(error))
          context.log.error({ err: error }, 'a pass over the runs of Port failed')
        else if (!isAway)
          context.log.warn({ err: error }, 'the database is away: runs of Port wait')
        isAway = isDisconnected(error)
      }
      await sleepUnless(woken, closing.signal)
    }
  }

  const ended = loop()
  return {
    wake: () => rouse(),
    async close() {
      closing.abort()
      await ended
    },
  }
}

async function sleepUnless(woken: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const stop = new AbortController()
  const time = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, pollMs)
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', end, { signal: stop.signal })
  })
  await Promise.race([woken, time])
  stop.abort()
}

/** One pass over the runs that have something to be done for. */
async function sweepRuns(
  context: ServerContext,
  access: PortAccess,
  closing: AbortSignal,
): Promise<void> {
  const runs = await claimRuns(context.store, portal, atATime)
  await Promise.all(runs.map((run) => attend(context, access, run, closing)))
}

async function attend(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  closing: AbortSignal,
): Promise<void> {
  try {
    await beginRun(context, access, run)
    const isOver = await reportRun(context, access, run, closing)
    if (isOver) await closeRun(context.store, run)
    else await postponeRun(context.store, run, { seconds: pollMs / 1000 })
  } catch (error) {
    if (error instanceof StaleRun) return
    if (isDisconnected(error)) throw error
    await giveUpOrRetry(context, run, error, closing)
  }
}

async function giveUpOrRetry(
  context: ServerContext,
  run: HeldRun,
  error: unknown,
  closing: AbortSignal,
): Promise<void> {
  const { store, log } = context
  // The server stops: another, or the next one, goes on at once.
  if (closing.aborted) return await postponeRun(store, run, { seconds: 0, failed: true })
  const fields = { err: error, run_id: run.run_id, failures: run.failures + 1 }
  const isFinal = error instanceof PortError && error.isFinal
  if (isFinal || run.failures >= mostFailures) {
    log.error(fields, 'Port is not told any more of a run')
    return await closeRun(store, run)
  }
  const asked = error instanceof PortError ? (error.retryAfterSeconds ?? 0) : 0
  const seconds = Math.min(
    longestRetrySeconds,
    Math.max(asked, firstRetrySeconds * 2 ** Math.min(run.failures, 20)),
  )
  log.warn({ ...fields, seconds }, 'a run of Port is tried again later')
  await postponeRun(store, run, { seconds, failed: true })
}
