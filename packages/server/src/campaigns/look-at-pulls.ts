import { type Caller, ErrandError, type RepositoryAccess, type Settings } from '@errand/contract'
import { isDisconnected, notePull, type PullToLookAt, pullsToLookAt } from '@errand/core'
import type { ServerContext } from '../context.ts'

interface Pace {
  everyMs: number
  /** How old what is known of an open pull request may be. */
  notSinceSeconds: number
  /** Looked at in one pass. */
  limit: number
}

/**
 * Somebody else's forge has limits. A look is two requests: 1,440 an hour at most, of the 5,000 that
 * GitHub admits.
 */
export function paceOf({ forge }: Pick<Settings, 'forge'>): Pace {
  return forge === 'embedded'
    ? { everyMs: 2000, notSinceSeconds: 30, limit: 10 }
    : { everyMs: 5000, notSinceSeconds: 900, limit: 1 }
}

/**
 * One pass over the open pull requests of campaigns: notes which were closed or merged, which makes
 * room under the caps, and asks the reviewers of new ones. Without a token of the server's own none is
 * looked at.
 */
export async function lookAtPulls(context: ServerContext, signal: AbortSignal): Promise<void> {
  const token = context.forgeToken?.()
  if (token === undefined) return
  const pulls = await pullsToLookAt(context.store, paceOf(context.settings))
  if (pulls.length === 0) return
  const caller = await context.forge.authenticate(token)
  if (caller === undefined) return context.log.warn({}, 'the forge does not know forge_token')
  for (const pull of pulls) {
    if (signal.aborted) return
    try {
      await lookAt(context, caller, pull)
    } catch (error) {
      if (isDisconnected(error)) throw error
      context.log.warn({ err: error, task_id: pull.task_id }, 'a pull request cannot be looked at')
      // Else it would keep those behind it waiting.
      await notePull(context.store, pull, {})
    }
  }
}

async function lookAt(context: ServerContext, caller: Caller, pull: PullToLookAt): Promise<void> {
  const { forge, store } = context
  const repository = await forge.repositoryById(caller, pull.repository_id)
  const found = repository && (await forge.pull(caller, repository, pull.pull_number))
  // Deleted with its repository, or out of reach: nobody reviews it.
  if (repository === undefined || found === undefined) {
    return await notePull(store, pull, { state: 'closed' })
  }
  const reviewersAsked =
    pull.reviewers.length > 0 &&
    found.state === 'open' &&
    (await askReviewers(context, caller, repository, pull))
  const state = found.merged ? 'merged' : found.state
  await notePull(store, pull, { state, reviewersAsked })
}

/** True when it is done with: reviewers whom the forge refuses are not asked for again. */
async function askReviewers(
  { forge, log }: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  { pull_number: number, task_id: taskId, reviewers }: PullToLookAt,
): Promise<boolean> {
  try {
    await forge.requestReviewers(caller, repository, number, reviewers)
  } catch (error) {
    if (!(error instanceof ErrandError) || error.status >= 500 || error.status === 429) throw error
    log.warn({ err: error, task_id: taskId, reviewers }, 'the forge refuses these reviewers')
  }
  return true
}
