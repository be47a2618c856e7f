import { InputError, NotAllowedError, ServiceUnavailableError } from '@backstage/errors'
import { AnswerError, ErrandError, WaitTimeout } from '@errand/contract'

/** Awaits what is asked of the server, and says in one sentence what it refused and why. */
export async function explaining<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw explain(what, error)
  }
}

/** What a server refused is the template's to mend, or its administrator's; anything else stays itself. */
function explain(what: string, error: unknown): unknown {
  if (error instanceof WaitTimeout)
    return because(new ServiceUnavailableError(error.message), error)
  if (error instanceof ErrandError) return because(new InputError(reasonOf(error)), error)
  if (error instanceof AnswerError) {
    const reason = `${what}: ${reasonOf(error)} (HTTP ${error.status}).`
    if ([401, 403].includes(error.status)) return because(new NotAllowedError(reason), error)
    if (error.status < 500) return because(new InputError(reason), error)
    return because(new ServiceUnavailableError(reason), error)
  }
  // What fetch throws when there is no answer.
  const isGone = error instanceof TypeError && error.cause !== undefined
  if (!isGone) return error
  return because(new ServiceUnavailableError(`${what}: the server cannot be reached.`), error)
}

/** Keeps the cause. Given to the constructor it would be told a second time, in the message. */
function because(error: Error, cause: Error): Error {
  return Object.assign(error, { cause })
}

/** The server's words, those about single fields included. */
export function reasonOf(error: AnswerError | ErrandError): string {
  const fields = error instanceof AnswerError ? (error.body.errors ?? []) : error.errors
  const details = fields.map(({ message }) => message).filter((message) => message !== undefined)
  return [error.message, ...details].join(': ')
}
