import { ErrandError, type RepositoryAccess } from '@errand/contract'
import {
  readConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  type StoredConfiguration,
  valuesOf,
} from '@errand/core'
import type { ServerContext } from '../context.ts'
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
  const stored = await readConfiguration(context.store.db, repository)
  const resolved = resolveStored(context, stored)
  return { resolved, values: valuesOf(resolved), is_agent_enabled: stored.is_agent_enabled }
}

/** @throws ErrandError forbidden where the organization keeps agents out of the repository */
export async function requireAgentEnabled(
  context: ServerContext,
  repository: RepositoryAccess,
): Promise<void> {
  const { is_agent_enabled: isEnabled } = await readConfiguration(context.store.db, repository)
  if (isEnabled) return
  throw new ErrandError('forbidden', {
    message: `Agents are not enabled in ${repository.full_name}: the permissions of ${repository.owner.login} keep them out`,
  })
}
