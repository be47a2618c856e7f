import {
  type Caller,
  type CloudAgentConfiguration,
  ErrandError,
  type RepositoryAccess,
} from '@errand/contract'
import { type AutomationRow, getAutomation } from '@errand/core'
import { z } from 'zod'
import { broken, lookAtConfiguration } from '../configuration/resolve.ts'
import type { ServerContext } from '../context.ts'
import { HeldBack } from '../held-back.ts'
import { requireAccess, requireRepository } from './repository.ts'

export interface FoundAutomation {
  automation: AutomationRow
  repository: RepositoryAccess
}

/** An automation by its id, in a repository the caller may see. */
export async function requireAutomation(
  context: ServerContext,
  caller: Caller,
  path: { owner: string; repo: string; automation_id: string },
): Promise<FoundAutomation> {
  const repository = await requireRepository(context, caller, path, 'read')
  const automation = await findAutomation(context, path.automation_id)
  if (automation?.repository_id !== repository.id) throw new ErrandError('not_found')
  return { automation, repository }
}

export async function findAutomation(
  { store }: ServerContext,
  id: string,
): Promise<AutomationRow | undefined> {
  return z.uuid().safeParse(id).success ? await getAutomation(store, id) : undefined
}

/**
 * Who may change an automation: everybody who may write, of one that is the repository's; its creator and
 * who administers the repository, of one that is a user's.
 *
 * @throws ErrandError forbidden
 */
export async function requireMayChange(
  context: ServerContext,
  caller: Caller,
  { automation, repository }: FoundAutomation,
): Promise<void> {
  await requireAccess(context, caller, repository, 'write')
  const isTheirs = automation.creator_id === caller.user.id || repository.permission === 'admin'
  if (automation.owner_type === 'repository' || isTheirs) return
  throw new ErrandError('forbidden', {
    message: `This automation is ${automation.creator_login}'s: only they, and administrators of ${repository.full_name}, may change it`,
  })
}

/**
 * What the repository's configuration says of automations, where it lets them be.
 *
 * @throws HeldBack, with who says so, or what is wrong with the repository's file
 */
export async function requireAutomationsEnabled(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<CloudAgentConfiguration> {
  const { resolved, values, problem } = await lookAtConfiguration(context, caller, repository)
  if (problem !== undefined) throw new HeldBack('not_enabled', broken(repository, problem))
  if (values.is_automations_enabled) return values
  const { source } = resolved.is_automations_enabled
  throw new HeldBack(
    'not_enabled',
    `Automations are disabled in ${repository.full_name} by the ${source} (is_automations_enabled)`,
  )
}
