import { RequestError } from '@agentclientprotocol/sdk'

/**
 * What ends a session: a sentence its user understands, and who is to blame. `model` is for what the
 * model's server said, `agent` for everything else.
 */
export function failure(
  category: 'agent' | 'model',
  message: string,
  cause?: unknown,
): RequestError {
  const error = new RequestError(-32_000, message, { category })
  error.cause = cause
  return error
}
