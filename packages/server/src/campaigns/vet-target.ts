import { type Caller, ErrandError, nanoPerCredit, type RepositoryAccess } from '@errand/contract'
import type { Candidate, Verdict } from '@errand/core'
import { requireTokenPermission } from '../auth/permissions.ts'
import { requireAccess } from '../auth/repository.ts'
import { requireBudget } from '../budgets.ts'
import { requireAgentEnabled } from '../configuration/resolve.ts'
import type { ServerContext } from '../context.ts'
import { requireNotArchived } from '../start-task.ts'
import { resolveModel } from '../models.ts'

/** A token that is kept is of the creator's last request: to send it again renews it. */
export const tokenRefused =
  'the token kept for its creator is not accepted any more; retry the campaign to give it a new one'

/** Pull requests of the same campaign that are looked at, the latest first: a forge elsewhere counts requests. */
const mostLookedAt = 10

/** The creator cannot be asked for anywhere. */
export class CreatorGone extends Error {}

/**
 * Whether a campaign's creator may still have this task in its repository, by what the forge and the server's
 * rules say now, and whether a pull request of the same campaign is open in it.
 *
 * @param callerFor the creator as a caller in a repository, `owner/name`
 * @param known the repository, where it was asked for just now
 * @throws ErrandError where that cannot be said now
 */
export async function vetTarget(
  context: ServerContext,
  callerFor: (fullName: string) => Promise<Caller>,
  { task, pulls }: Candidate,
  known?: RepositoryAccess,
): Promise<Verdict> {
  let caller: Caller | undefined
  try {
    caller = await callerFor(task.repository.full_name)
    const repository = known ?? (await requireStill(context, caller, task))
    for (const { number } of pulls.slice(0, mostLookedAt)) {
      const pull = await context.forge.pull(caller, repository, number)
      if (pull?.state !== 'open') continue
      const reason = `A pull request of this campaign is open already: ${pull.html_url}`
      return { type: 'skipped', reason }
    }
    return { type: 'send' }
  } catch (error) {
    const reason = reasonOf(error, caller)
    if (reason === undefined) throw error
    return { type: 'failed', reason: `Not sent: ${reason}` }
  }
}

/** All that a create would ask, but for what cannot have changed: the prompt, and names. */
async function requireStill(
  context: ServerContext,
  caller: Caller,
  task: Candidate['task'],
): Promise<RepositoryAccess> {
  const { settings, forge } = context
  const { id, full_name: name } = task.repository
  const repository = await forge.repositoryById(caller, id, { asksAnew: true })
  if (repository === undefined) {
    throw new ErrandError('not_found', {
      message: `there is no ${name} any more, or ${caller.user.login} may not see it`,
    })
  }
  requireTokenPermission(settings, caller, 'write', repository)
  await requireAccess(context, caller, repository, 'write')
  await requireAgentEnabled(context, caller, repository)
  requireNotArchived(repository)
  const { owner } = repository
  await resolveModel(context, {
    requested: task.model,
    prompt: task.prompt,
    subject: { owner, repository, user: caller.user },
    maxMultiplier: task.max_multiplier,
  })
  const input = { repository, model: task.model, user: caller.user }
  await requireBudget(context, input, (task.max_nano ?? 0) / nanoPerCredit)
  return repository
}

/** Why it is not sent; undefined for what is no matter of the repository's, and may well go the next time. */
function reasonOf(error: unknown, caller: Caller | undefined): string | undefined {
  if (error instanceof CreatorGone) return error.message
  if (!(error instanceof ErrandError)) return undefined
  const { errorName, status } = error
  if (errorName === 'rate_limited' || status >= 500 || status === 429) return undefined
  if (status === 401) {
    // The server's own token, which is good no more, says nothing about the creator.
    return caller?.isOnBehalf === true ? undefined : tokenRefused
  }
  const fields = error.errors.map(({ message }) => message).filter(Boolean)
  return fields.length > 0 ? fields.join('; ') : error.message
}
