import type { RepositoryAccess } from '@errand/contract'
import {
  patiently,
  readConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  type StoredConfiguration,
  valuesOf,
} from '@errand/core'
import type { ServerContext } from '../context.ts'
import { HeldBack } from '../held-back.ts'
import { serverLayer } from './server-layer.ts'

/** What is stored, as it holds on this server. */
export function resolveStored(
  { settings }: Pick<ServerContext, 'settings'>,
  { organization, repository }: StoredConfiguration,
): ResolvedConfiguration {
  return resolveConfiguration({ server: serverLayer(settings), organization, repository })
}

/** What holds in a repository now. */
export async function configurationOf(context: ServerContext, repository: RepositoryAccess) {
  const stored = await patiently(() => readConfiguration(context.store.db, repository))
  const resolved = resolveStored(context, stored)
  return { resolved, values: valuesOf(resolved), is_agent_enabled: stored.is_agent_enabled }
}

/**
 * Whether an agent may begin to work in a repository at all: a task, or another session of one.
 *
 * @throws HeldBack, with who or which rule says so
 */
export async function requireAgentEnabled(
  context: ServerContext,
  repository: RepositoryAccess,
): Promise<void> {
  const refusal = await refusalOfAgents(context, repository)
  if (refusal !== undefined) throw refusal
}

/**
 * Why no agent may begin to work in a repository, by its organization's permissions or by the policy that
 * the server enforces; undefined where it may.
 */
export async function refusalOfAgents(
  context: ServerContext,
  repository: RepositoryAccess,
): Promise<HeldBack | undefined> {
  const { values, is_agent_enabled: isEnabled } = await configurationOf(context, repository)
  if (!isEnabled) {
    return new HeldBack(
      'not_enabled',
      `Agents are not enabled in ${repository.full_name}: the permissions of ${repository.owner.login} keep them out`,
    )
  }
  const today = new Date().toISOString().slice(0, 10)
  const refusal = context.refusalOf?.(repository.full_name, values, today)
  if (refusal === undefined) return undefined
  return new HeldBack('not_enabled', `${refusal} See ${effectivePage(context, repository)}`)
}

/** Where somebody who may write sees what holds in a repository, and why no agent may work there. */
export function effectivePage(
  { publicUrl }: Pick<ServerContext, 'publicUrl'>,
  { full_name: name }: Pick<RepositoryAccess, 'full_name'>,
): string {
  return `${publicUrl()}/repos/${name}/copilot/cloud-agent/effective-config`
}
