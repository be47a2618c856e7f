import {
  claimRuns,
  closeRun,
  createWake,
  type HeldRun,
  isDisconnected,
  postponeRun,
  repeatPass,
  StaleRun,
  sweepPortalRuns,
  takeOverRuns,
} from '@errand/core'
import { createAttendants } from '../../attendants.ts'
import type { ServerContext } from '../../context.ts'
import { beginRun } from './begin-run.ts'
import { type PortClient, PortError, type RunDetails } from './client.ts'
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

/** Runs attended to at a time: one that Port answers slowly keeps no other waiting. */
const atATime = 8

const firstRetrySeconds = 1
const sweepEveryMs = 3_600_000
const longestRetrySeconds = 600
/** What is asked for beyond this is a mistake. */
const longestAskedSeconds = 86_400

/** With the pauses above, about a week. */
const mostFailures = 1000

/** Carries out the runs of Port and tells Port of them, until it is closed. */
export function startReporter(context: ServerContext, access: PortAccess): Reporter {
  const { store, log } = context
  const closing = new AbortController()
  const { signal } = closing
  const wake = createWake()
  const runs = createAttendants({
    log,
    what: 'a run of Port',
    atATime,
    takeOver: () => takeOverRuns(store, portal),
    claim: (limit) => claimRuns(store, portal, limit),
    attend: (run) => attend(context, access, run, signal),
    fieldsOf: ({ run_id }) => ({ run_id }),
    isStale: (error) => error instanceof StaleRun,
  })
  const loops = [
    repeatPass({ log, signal, wake, everyMs: pollMs, what: 'telling Port of its runs' }, () =>
      runs.claim(),
    ),
    repeatPass({ log, signal, everyMs: sweepEveryMs, what: 'sweeping runs of portals' }, () =>
      sweepPortalRuns(store),
    ),
  ]
  return {
    wake: wake.wake,
    async close() {
      closing.abort()
      await Promise.all(loops)
      await runs.settled()
    },
  }
}

async function attend(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  closing: AbortSignal,
): Promise<void> {
  try {
    await beginRun(context, access, run, closing)
    const isOver = await reportRun(context, access, run, closing)
    if (isOver) await closeRun(context.store, run)
    else await postponeRun(context.store, run, { seconds: pollMs / 1000 })
  } catch (error) {
    if (error instanceof StaleRun) return
    if (isDisconnected(error)) throw error
    await giveUpOrRetry(context, access, run, error, closing)
  }
}

async function giveUpOrRetry(
  context: ServerContext,
  access: PortAccess,
  run: HeldRun,
  error: unknown,
  closing: AbortSignal,
): Promise<void> {
  const { store, log } = context
  // The server stops: another, or the next one, goes on at once.
  if (closing.aborted) return await postponeRun(store, run, { seconds: 0, failed: true })
  const fields = { err: error, run_id: run.run_id, failures: run.failures + 1 }
  const isGone = error instanceof PortError && error.isGone
  const isGivenUp = run.failures >= mostFailures
  if (!(error instanceof PortError)) await tellTrouble(context, access, run, isGivenUp, closing)
  if (isGone || isGivenUp) {
    log.warn(fields, 'Port is not told any more of a run')
    return await closeRun(store, run)
  }
  const asked = error instanceof PortError ? (error.retryAfterSeconds ?? 0) : 0
  const backoff = firstRetrySeconds * 2 ** Math.min(run.failures, 20)
  const seconds = Math.max(
    Math.min(asked, longestAskedSeconds),
    Math.min(backoff, longestRetrySeconds),
  )
  log.warn({ ...fields, seconds }, 'a run of Port is tried again later')
  await postponeRun(store, run, { seconds, failed: true })
}

/** The trouble is on this side: whoever pressed the button is not left to wonder. */
async function tellTrouble(
  context: ServerContext,
  { client }: PortAccess,
  run: HeldRun,
  isGivenUp: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (run.failures > 0 && !isGivenUp) return
  const details: RunDetails = isGivenUp
    ? { status: 'FAILURE', statusLabel: 'Given up', summary: 'Errand could not do it for a week.' }
    : { statusLabel: 'Errand has a problem of its own and tries again' }
  try {
    await client.updateRun(run.run_id, details, signal)
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    context.log.warn({ err: error, run_id: run.run_id }, 'Port cannot be told of a problem')
  }
}
