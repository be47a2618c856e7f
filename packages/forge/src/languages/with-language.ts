import { mapInParallel } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { resolveBranch } from '../git/refs.ts'
import type { Repository } from '../records/records.ts'
import { languageOfCommit } from './commit-language.ts'

/** How many repositories are looked at at a time: each may take a process of git's. */
const atOnce = 4

/**
 * A repository with the language of its default branch as it is now. It is worked out when somebody asks
 * and once for each commit: pushes that nobody looks at cost nothing.
 */
export async function withLanguage(
  { records, inTurn }: ForgeContext,
  repository: Repository,
): Promise<Repository> {
  const key = String(repository.id)
  const gitDir = records.gitFolder(repository.id)
  const head = await resolveBranch(gitDir, repository.default_branch)
  if (head === undefined || head === repository.language?.commit) return repository
  return await inTurn(repository.id, async () => {
    const now = records.repositories.get(key)
    // Deleted meanwhile, or somebody else asked as well.
    if (now === undefined || head === now.language?.commit) return now ?? repository
    const name = await languageOfCommit(gitDir, head)
    return await records.repositories.update(key, (item) => ({
      ...item,
      language: { commit: head, name },
    }))
  })
}

/** As `withLanguage`, for many. */
export async function withLanguages(
  context: ForgeContext,
  repositories: readonly Repository[],
): Promise<Repository[]> {
  return await mapInParallel(repositories, atOnce, (item) => withLanguage(context, item))
}
