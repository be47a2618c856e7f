import { ErrandError } from '@errand/contract'
import { etagOf, matchesEtag } from './etag.ts'

/**
 * Refuses a change of what has changed since the client read it.
 *
 * @throws ErrandError precondition_failed
 */
export function requireMatch(ifMatch: string | undefined, present: object): void {
  if (ifMatch === undefined || matchesEtag(ifMatch, etagOf(JSON.stringify(present)))) return
  throw new ErrandError('precondition_failed', {
    message: 'It has changed since it was read: get it again, and change that',
  })
}
