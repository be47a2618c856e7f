import { hasObject, mergeBase } from '../git/commits.ts'
import type { Pull } from '../records/records.ts'

/**
 * What a pull request brings: from where its branches parted to its head. Undefined when the commits
 * are gone: of a closed one, nothing keeps the base.
 */
export async function pullRange(
  gitDir: string,
  pull: Pull,
): Promise<{ from: string; to: string } | undefined> {
  const { head_sha: head, base_sha: base } = pull
  if (!(await hasObject(gitDir, head)) || !(await hasObject(gitDir, base))) return undefined
  return { from: (await mergeBase(gitDir, base, head)) ?? base, to: head }
}
