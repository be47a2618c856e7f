import { commitTree, listRange, readCommit, type Signature } from './commits.ts'
import { gitText, gitMaybe } from './git.ts'

/** Commits of one rebase; more would keep the caller waiting for too long. */
const rebaseLimit = 250

/** The tree that two commits merge to; undefined where they conflict. No branch is touched. */
export async function mergedTree(
  gitDir: string,
  base: string,
  head: string,
): Promise<string | undefined> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '--end-of-options', base, head]
  const answer = await gitMaybe(args, { gitDir })
  return answer?.split('\n')[0]
}

/**
 * Replays the commits of `base..head` on `base`, keeping their authors; merges among them are left
 * out, as by git-rebase. Undefined where one of them conflicts, or there are more than 250.
 */
export async function rebasedCommit(
  gitDir: string,
  base: string,
  head: string,
  committer: Pick<Signature, 'name' | 'email'>,
): Promise<string | undefined> {
  const { commits, total } = await listRange(gitDir, `${base}..${head}`, {
    skip: 0,
    limit: rebaseLimit,
  })
  if (total > commits.length) return undefined
  let tip = base
  for (const commit of commits) {
    const [parent, ...others] = commit.parents
    if (parent === undefined || others.length > 0) continue
    const tree = await pickedTree(gitDir, tip, parent, commit.sha)
    if (tree === undefined) return undefined
    const { author, message } = commit
    const fresh = { tree, parents: [tip], message: `${message}\n`, author, committer }
    tip = await commitTree(gitDir, fresh)
  }
  return tip
}

/**
 * What one commit does to its parent, done to another commit. git 2.39 cannot be told the common
 * ancestor of a merge, so it is shown one: a commit with the other's files, as a child of the parent.
 */
async function pickedTree(
  gitDir: string,
  onto: string,
  parent: string,
  commit: string,
): Promise<string | undefined> {
  const ours = await gitText(['rev-parse', '--verify', `${onto}^{tree}`], { gitDir })
  const { author } = await readCommit(gitDir, onto)
  const stand = await commitTree(gitDir, { tree: ours, parents: [parent], message: '', author })
  return await mergedTree(gitDir, stand, commit)
}
