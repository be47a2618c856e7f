import {
  type Caller,
  type CloudAgentConfiguration,
  ErrandError,
  type RepositoryAccess,
} from '@errand/contract'
import {
  patiently,
  readConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  serverLayer,
  type StoredConfiguration,
  valuesOf,
} from '@errand/core'
import type { ServerContext } from '../context.ts'
import { readConfigurationFile } from './configuration-file.ts'
import { HeldBack } from '../held-back.ts'

/** What is stored, as it holds on this server. */
export function resolveStored(
  { settings }: Pick<ServerContext, 'settings'>,
  { organization, repository }: StoredConfiguration,
): ResolvedConfiguration {
  return resolveConfiguration({ server: serverLayer(settings), organization, repository })
}

export interface HeldConfiguration {
  resolved: ResolvedConfiguration
  values: CloudAgentConfiguration
  is_agent_enabled: boolean
  /** Why it is not known what the repository says; then the rest is only what others say. */
  problem?: string
}

/** What holds in a repository now, as far as it can be known. */
export async function lookAtConfiguration(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<HeldConfiguration> {
  const stored = await patiently(() => readConfiguration(context.store.db, repository))
  const file = await readConfigurationFile(context, caller, repository)
  const own = file === undefined ? stored.repository : 'document' in file ? file.document : {}
  const resolved = resolveStored(context, { ...stored, repository: own })
  return {
    resolved,
    values: valuesOf(resolved),
    is_agent_enabled: stored.is_agent_enabled,
    ...(file !== undefined && 'problem' in file && { problem: file.problem }),
  }
}

/**
 * What holds in a repository now.
 *
 * @throws ErrandError conflict where its file cannot be read: no caller may take that for a configuration
 */
export async function configurationOf(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<HeldConfiguration> {
  const held = await lookAtConfiguration(context, caller, repository)
  if (held.problem === undefined) return held
  throw new ErrandError('conflict', { message: broken(repository, held.problem) })
}

/**
 * Whether an agent may begin to work in a repository at all: a task, or another session of one.
 *
 * @throws HeldBack, with who or which rule says so
 */
export async function requireAgentEnabled(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<void> {
  const refusal = await refusalOfAgents(context, caller, repository)
  if (refusal !== undefined) throw refusal
}

/**
 * Why no agent may begin to work in a repository: its organization's permissions, a file that cannot be
 * read, or the policy that the server enforces; undefined where it may.
 */
export async function refusalOfAgents(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<HeldBack | undefined> {
  return refusalOf(context, repository, await lookAtConfiguration(context, caller, repository))
}

/** The same of a configuration that was looked at. */
export function refusalOf(
  context: ServerContext,
  repository: RepositoryAccess,
  { values, problem, is_agent_enabled: isEnabled }: HeldConfiguration,
): HeldBack | undefined {
  if (!isEnabled) {
    return new HeldBack(
      'not_enabled',
      `Agents are not enabled in ${repository.full_name}: the permissions of ${repository.owner.login} keep them out`,
    )
  }
  if (problem !== undefined) {
    return new HeldBack('not_enabled', broken(repository, problem))
  }
  const today = new Date().toISOString().slice(0, 10)
  const refusal = context.refusalOf?.(repository.full_name, values, today)
  if (refusal === undefined) return undefined
  return new HeldBack('not_enabled', `${refusal} See ${effectivePage(context, repository)}`)
}

/** What is told of a repository whose file cannot be read. */
export function broken(
  { full_name: name, default_branch: branch }: RepositoryAccess,
  problem: string,
) {
  return `What agents may do in ${name} cannot be read: ${problem} (on ${branch}). Mend the file; until then no agent begins to work there`
}

/** Where somebody who may write sees what holds in a repository, and why no agent may work there. */
export function effectivePage(
  { publicUrl }: Pick<ServerContext, 'publicUrl'>,
  { full_name: name }: Pick<RepositoryAccess, 'full_name'>,
): string {
  return `${publicUrl()}/repos/${name}/copilot/cloud-agent/effective-config`
}
