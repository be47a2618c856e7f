import { ErrandError } from '@errand/contract'

/** What the forge refuses it will refuse again; what else went wrong may be put right. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ErrandError)) return true
  return error.status >= 500 || error.status === 401 || error.status === 429
}
