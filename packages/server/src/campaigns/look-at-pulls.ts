import {
  type Caller,
  ErrandError,
  type PullChange,
  type RepositoryAccess,
  type Settings,
} from '@errand/contract'
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
 * room under the caps, and gives new ones their title, labels and reviewers. Without a token of the server's own none is
 * looked at.
 */
export async function lookAtPulls(context: ServerContext, signal: AbortSignal): Promise<void> {
  const { forgeToken, installationToken } = context
  const pulls = await pullsToLookAt(context.store, paceOf(context.settings))
  for (const pull of pulls) {
    if (signal.aborted) return
    try {
      const token = (await installationToken?.(pull.repository_full_name)) ?? forgeToken?.()
      if (token === undefined) return
      const caller = await context.forge.authenticate(token)
      if (caller === undefined)
        return context.log.warn({}, "the forge does not know the server's token")
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
  const isNew = pull.wanted !== null && found.state === 'open'
  const problems = isNew ? await prepare(context, caller, repository, pull, found.title) : undefined
  const state = found.merged ? 'merged' : found.state
  await notePull(store, pull, { state, ...(problems === undefined ? {} : { problems }) })
}

/** Gives a pull request its title, labels and reviewers. Returns what the forge refused of them. */
async function prepare(
  { forge }: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  { pull_number: number, wanted }: PullToLookAt,
  titleNow: string,
): Promise<string[]> {
  const problems: string[] = []
  for (const change of changesOf(wanted, titleNow)) {
    try {
      await forge.changePull(caller, repository, number, change)
    } catch (error) {
      if (!(error instanceof ErrandError) || error.status >= 500 || error.status === 429)
        throw error
      const [name, value] = Object.entries(change)[0] ?? []
      problems.push(`${name} ${String(value)}: ${error.errors[0]?.message ?? error.message}`)
    }
  }
  return problems
}

/** Each reviewer alone: GitHub refuses all where it refuses one. */
function changesOf(wanted: PullToLookAt['wanted'], titleNow: string): PullChange[] {
  if (wanted === null) return []
  const { title, labels, reviewers, team_reviewers: teams } = wanted
  return [
    ...(title === undefined || title === titleNow ? [] : [{ title }]),
    ...(labels.length === 0 ? [] : [{ labels }]),
    ...reviewers.map((login) => ({ reviewers: [login] })),
    ...teams.map((slug) => ({ team_reviewers: [slug] })),
  ]
}
