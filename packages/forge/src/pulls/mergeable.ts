import type { ForgeContext } from '../context.ts'
import { mergedTree } from '../git/merge.ts'
import type { Pull, Repository } from '../records/records.ts'

/** Pairs of commits whose answer is kept. */
const keptAnswers = 1000

/** Whether both sides merge without a conflict; null, GitHub's "not known", of a closed one. */
export async function readMergeable(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
): Promise<boolean | null> {
  if (pull.state === 'closed') return null
  const { mergeability } = context
  const key = `${repository.id} ${pull.base_sha} ${pull.head_sha}`
  const known = mergeability.get(key)
  if (known !== undefined) return known
  const gitDir = context.records.gitFolder(repository.id)
  const isMergeable = (await mergedTree(gitDir, pull.base_sha, pull.head_sha)) !== undefined
  mergeability.set(key, isMergeable)
  const [oldest] = mergeability.keys()
  if (mergeability.size > keptAnswers && oldest !== undefined) mergeability.delete(oldest)
  return isMergeable
}
