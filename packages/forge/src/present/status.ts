import type { ForgeContext, Urls } from '../context.ts'
import type { Status } from '../records/records.ts'
import { nodeId } from './account.ts'
import { presentUser } from './pull.ts'

/** A commit's status as the combined status has it. */
export function presentShortStatus(
  context: ForgeContext,
  name: string,
  status: Status,
  urls: Urls,
) {
  return {
    url: `${urls.api}/repos/${name}/statuses/${status.sha}`,
    avatar_url: presentUser(context, status.creator_id, urls).avatar_url,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description,
    target_url: status.target_url,
    context: status.context,
    created_at: status.created_at,
    updated_at: status.updated_at,
  }
}

/** A commit's status as lists have it, with who gave it. */
export function presentStatus(context: ForgeContext, name: string, status: Status, urls: Urls) {
  return {
    ...presentShortStatus(context, name, status, urls),
    creator: presentUser(context, status.creator_id, urls),
  }
}

/** GitHub's rule: a failure or error fails all; without any status, or with one pending, it pends. */
export function combineStates(
  statuses: readonly Pick<Status, 'state'>[],
): 'failure' | 'pending' | 'success' {
  if (statuses.some(({ state }) => state === 'failure' || state === 'error')) return 'failure'
  if (statuses.length === 0 || statuses.some(({ state }) => state === 'pending')) return 'pending'
  return 'success'
}
