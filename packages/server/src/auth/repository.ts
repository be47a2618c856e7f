import {
  canWrite,
  type Caller,
  ErrandError,
  type RepositoryAccess,
  type RepositoryName,
  TaskId,
  type TokenPermission,
} from '@errand/contract'
import { getTask, type TaskDetail } from '@errand/core'
import type { ServerContext } from '../context.ts'
import { canReach, requireTokenPermission } from './permissions.ts'

/** The repository was asked for by a former name: the answer sends the client to the new one. */
export class RepositoryMoved extends Error {
  readonly repository: RepositoryAccess

  constructor(repository: RepositoryAccess) {
    super(`the repository is ${repository.full_name} now`)
    this.name = 'RepositoryMoved'
    this.repository = repository
  }
}

/**
 * The repository a caller names, which they may see and, for `write`, change. What they may not see
 * is 404, what they may not change 403.
 */
export async function requireRepository(
  context: ServerContext,
  caller: Caller,
  name: RepositoryName,
  level: 'read' | 'write',
  permission: TokenPermission = 'agent_tasks',
): Promise<RepositoryAccess> {
  if (!isName(name.owner) || !isName(name.repo)) throw new ErrandError('not_found')
  const repository = await context.forge.repository(caller, name)
  if (repository === undefined) throw new ErrandError('not_found')
  requireTokenPermission(context.settings, caller, level, repository, permission)
  if (repository.renamed) throw new RepositoryMoved(repository)
  await requireAccess(context, caller, repository, level)
  return repository
}

/** A task by its id, in a repository the caller may see. */
export async function requireTask(
  context: ServerContext,
  caller: Caller,
  id: string,
  level: 'read' | 'write',
): Promise<{ task: TaskDetail; repository: RepositoryAccess }> {
  const task = TaskId.safeParse(id).success ? await getTask(context.store, id) : undefined
  if (task === undefined) throw new ErrandError('not_found')
  const repository = await context.forge.repositoryById(caller, task.repository_id)
  if (repository === undefined) throw new ErrandError('not_found')
  requireTokenPermission(context.settings, caller, level, repository)
  await requireAccess(context, caller, repository, level)
  return { task, repository }
}

/**
 * Those of the repositories that the caller may see today, by id. Who started a task long ago may
 * have lost the right to look at it.
 */
export async function visibleRepositories(
  context: ServerContext,
  caller: Caller,
  ids: number[],
): Promise<Map<number, RepositoryAccess>> {
  const found = await Promise.all(
    [...new Set(ids)].map((id) => context.forge.repositoryById(caller, id)),
  )
  return new Map(
    found
      .filter((repository) => repository !== undefined)
      .filter((repository) => canReach(caller, repository))
      .map((repository) => [repository.id, repository]),
  )
}

/** Anything else is nobody's name, and would mean something in the path of an upstream's API. */
export function isName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,100}$/.test(name) && !/^\.+$/.test(name)
}

/** What a caller may do in a repository that they see. @throws ErrandError 403 */
export async function requireAccess(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  level: 'read' | 'write',
): Promise<void> {
  if (level === 'read') return
  if (!canWrite(repository)) {
    throw new ErrandError('forbidden', {
      message: `You need write access to ${repository.full_name} for this`,
    })
  }
  await context.forge.requirePush?.(caller, repository)
}
