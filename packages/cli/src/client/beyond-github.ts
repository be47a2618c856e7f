import { AnswerError } from '@errand/contract'
import { UserError } from '../errors.ts'

/**
 * Awaits a call that GitHub's own API does not have, for a task that is known to be there: its 404 can
 * only mean that the server does not know the call.
 */
export async function beyondGitHub<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw lacks(what, error)
  }
}

/** Throws `UserError` where a server that is not Errand is asked for what only Errand does. */
export function requireErrandFor(what: string, isErrand: boolean): void {
  if (isErrand) return
  throw lacks(what)
}

function lacks(what: string, cause?: unknown): UserError {
  const message = `This server cannot ${what}: GitHub's API has no such operation, Errand's has.`
  return new UserError(message, { cause })
}
