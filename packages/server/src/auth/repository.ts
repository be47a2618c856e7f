import { canWrite, type Caller, ErrandError, type RepositoryAccess, TaskId } from '@errand/contract'
import { getTask, type TaskDetail } from '@errand/core'
import type { ServerContext } from '../context.ts'
import { requireTokenPermission } from './permissions.ts'

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
  name: { owner: string; repo: string },
  level: 'read' | 'write',
): Promise<RepositoryAccess> {
  const repository = await context.forge.repository(caller, name)
  if (repository === undefined) throw new ErrandError('not_found')
  if (repository.renamed) throw new RepositoryMoved(repository)
  requireAccess(caller, repository, level)
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
  requireAccess(caller, repository, level)
  return { task, repository }
}

function requireAccess(
  caller: Caller,
  repository: RepositoryAccess,
  level: 'read' | 'write',
): void {
  requireTokenPermission(caller, level, repository)
  if (level === 'write' && !canWrite(repository)) {
    throw new ErrandError('forbidden', {
      message: `You need write access to ${repository.full_name} for this`,
    })
  }
}
