import { SessionFailed } from '../failures.ts'
import { ForgeRefused } from '../forge-client.ts'
import type { Run } from './run.ts'

export interface Shown {
  /** What the forge is asked for, for who reads that it was refused. */
  what: string
  /** Statuses by which the forge says that there is none. */
  absent: readonly number[]
}

/**
 * Asks the forge for what a session cannot do without, where it is there. Undefined where it is not.
 *
 * @throws SessionFailed forge_refused
 */
export async function askToShow(
  run: Run,
  { what, absent }: Shown,
  route: string,
  parameters: Record<string, unknown>,
): Promise<unknown> {
  try {
    return await run.forge.request(route, parameters, run.signal)
  } catch (error) {
    if (!(error instanceof ForgeRefused)) throw error
    if (absent.includes(error.status)) return undefined
    throw refusedToShow(what, error)
  }
}

/** That a session ends because the forge does not show something to the runner. */
export function refusedToShow(what: string, error: ForgeRefused): SessionFailed {
  const message = `The forge refused to show ${what} to the runner: ${error.reason} (${error.status}).`
  return new SessionFailed('forge_refused', message, error)
}
