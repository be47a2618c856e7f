import { invalidField } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { pointHead, resolveBranch } from '../git/refs.ts'
import { fullName, ownerOf } from '../identity/access.ts'
import type { Repository } from '../records/records.ts'
import { requireName } from './create-repository.ts'

export type RepositoryChange = Partial<
  Pick<Repository, 'name' | 'description' | 'private' | 'archived' | 'default_branch'>
>

/**
 * Changes a repository. A former name goes on leading to it until another repository takes that name.
 *
 * @throws ErrandError validation_failed when the name is taken or the branch not there.
 */
export async function changeRepository(
  context: ForgeContext,
  repository: Repository,
  change: RepositoryChange,
): Promise<Repository> {
  const { records } = context
  if (change.default_branch !== undefined) {
    const gitDir = records.gitFolder(repository.id)
    if ((await resolveBranch(gitDir, change.default_branch)) === undefined) {
      throw invalidField(
        'default_branch',
        `default_branch: there is no branch '${change.default_branch}'`,
        'Repository',
      )
    }
    await pointHead(gitDir, change.default_branch)
  }
  return await records.whileNaming(async () => {
    const { name } = change
    if (name !== undefined) requireName(records, ownerOf(records, repository), name, repository)
    return await records.repositories.update(String(repository.id), (item) => ({
      ...item,
      ...change,
      former_names:
        name === undefined || name === item.name
          ? item.former_names
          : [...new Set([...item.former_names, fullName(records, item).toLowerCase()])],
      updated_at: new Date().toISOString(),
    }))
  })
}

/** The record goes first: what a crash leaves is a folder nobody knows, which the next start removes. */
export async function deleteRepository(
  context: ForgeContext,
  repository: Repository,
): Promise<void> {
  await context.inTurn(repository.id, async () => {
    await context.records.repositories.delete(String(repository.id))
    await context.records.removeFolders(repository.id)
    await context.records.seen.delete(String(repository.id))
  })
}
