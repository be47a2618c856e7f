import { ErrandError, invalidField } from '@errand/contract'
import { commitTree, type NewCommit } from '../git/commits.ts'
import { gitText } from '../git/git.ts'
import { isWritableRef, listBranches, moveRef, noObject, resolveBranch } from '../git/refs.ts'
import { type Entry, readEntry, treeWith } from '../git/trees.ts'

export interface FileCommit {
  branch: string
  path: string
  /** Undefined removes the file. */
  content: Buffer | undefined
  /** What the caller believes to be there now; needed for all but a new file. */
  sha?: string | undefined
  message: string
  author: NewCommit['author']
  committer?: NewCommit['author']
}

/**
 * A path inside a tree, without slashes around it.
 *
 * @throws ErrandError not_found for what cannot be one, such as `..`
 */
export function requirePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..' || part.includes('\u0000'))) {
    throw new ErrandError('not_found')
  }
  return parts.join('/')
}

/**
 * Commits one file to a branch, or its removal. In an empty repository this makes the branch.
 *
 * @throws ErrandError not_found when branch or file is not there; conflict (409) when the file is not
 *   what the caller believes, or the branch was moved meanwhile; validation_failed for a path that git
 *   would not check out.
 */
export async function commitFile(
  gitDir: string,
  change: FileCommit,
): Promise<{ commit: string; entry: Entry | undefined; isNew: boolean }> {
  const { branch, path, content } = change
  requireFilePath(path)
  const parent = await requireTip(gitDir, branch)
  const before = parent === undefined ? undefined : await readEntry(gitDir, parent, path)
  requireKnown(change, before)
  // An executable stays one.
  const mode = before?.mode ?? '100644'
  const sha =
    content && (await gitText(['hash-object', '-w', '--stdin'], { gitDir, input: content }))
  const tree = await treeWith(gitDir, parent, path, sha === undefined ? undefined : { sha, mode })
  if (tree === undefined) {
    throw invalidField(
      'path',
      `path '${path}' leads through something that is no folder`,
      'Contents',
    )
  }
  const commit = await commitTree(gitDir, {
    tree,
    parents: parent === undefined ? [] : [parent],
    message: change.message,
    author: change.author,
    ...(change.committer === undefined ? {} : { committer: change.committer }),
  })
  if (!(await moveRef(gitDir, `refs/heads/${branch}`, commit, parent ?? noObject))) {
    throw new ErrandError('conflict', { message: `Branch ${branch} was modified meanwhile` })
  }
  const entry =
    sha === undefined
      ? undefined
      : ({ path, type: 'blob', mode, sha, size: content?.length ?? 0 } as const)
  return { commit, entry, isNew: before === undefined }
}

/** Names that git refuses to check out on one system or another (its `verify_path`). */
function requireFilePath(path: string): void {
  const isRefused = path
    .split('/')
    .some(
      (part) =>
        /^(\.git|git~\d+)[. ]*$/i.test(part) || /[\\\u0001-\u001f\u200c-\u200f\ufeff]/.test(part),
    )
  if (path === '' || isRefused) {
    throw invalidField('path', `path '${path}' is no file name git takes`, 'Contents')
  }
}

/** Where the branch stands; undefined where there is no branch at all yet. */
async function requireTip(gitDir: string, branch: string): Promise<string | undefined> {
  const tip = await resolveBranch(gitDir, branch)
  if (tip !== undefined) return tip
  const isFirst = isWritableRef(`refs/heads/${branch}`) && (await listBranches(gitDir)).length === 0
  if (isFirst) return undefined
  throw new ErrandError('not_found', { message: `Branch ${branch} not found` })
}

function requireKnown({ path, content, sha }: FileCommit, before: Entry | undefined): void {
  if (before === undefined && content === undefined) throw new ErrandError('not_found')
  if (before === undefined) return
  if (before.type !== 'blob') {
    throw invalidField('path', `path '${path}' is a folder or a submodule`, 'Contents')
  }
  if (sha === undefined) {
    throw new ErrandError('invalid_request', {
      message: 'Invalid request.\n\n"sha" wasn\'t supplied.',
    })
  }
  if (sha !== before.sha) {
    throw new ErrandError('conflict', { message: `${path} does not match ${sha}` })
  }
}
