import type { Repository } from './repository.ts'

/**
 * Makes the checked out branch hold exactly the files of the repository's commit, so that a recipe's
 * changes are all that the branch has beyond it. History is only added to: where the commit is not part
 * of the branch yet, a merge brings it in, and what the branch had of its own is gone from the files.
 */
export async function beginFrom(repository: Repository, name: string): Promise<void> {
  const { commit } = repository
  const head = await repository.git(['rev-parse', 'HEAD'])
  if (head === commit) return
  const missing = await repository.git(['rev-list', '--count', '--max-count=1', commit, '^HEAD'])
  if (missing !== '0') {
    const message = `Merge ${name}`
    const parents = ['-p', head, '-p', commit]
    const merge = await repository.git([
      'commit-tree',
      `${commit}^{tree}`,
      ...parents,
      '-m',
      message,
    ])
    await repository.git(['update-ref', 'HEAD', merge, head])
  }
  await repository.git(['read-tree', '--reset', '-u', commit])
}
