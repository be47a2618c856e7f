import { ErrandError } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { commitTree, listRange } from '../git/commits.ts'
import { mergedTree, rebasedCommit } from '../git/merge.ts'
import { moveRef } from '../git/refs.ts'
import { emailOf } from '../identity/accounts.ts'
import { ownerOf } from '../identity/access.ts'
import type { Account, Pull, Repository } from '../records/records.ts'
import { refreshOutdated } from './refresh-pulls.ts'

export interface Merge {
  method: 'merge' | 'squash' | 'rebase'
  title?: string
  message?: string
  /** The head the caller means; another one is refused. */
  sha?: string
}

/** Commits named in a squashed commit's message. */
const namedCommits = 100

/**
 * Merges a pull request into its base: as a merge commit, squashed into one commit, or replayed.
 *
 * @throws ErrandError not_mergeable (405) when it is closed, a draft or in conflict, conflict (409)
 *   when the head is not the one the caller meant.
 */
export async function mergePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
  by: Account,
  merge: Merge,
): Promise<Pull> {
  return await context.inTurn(repository.id, async () => {
    await refreshOutdated(context, repository)
    const { pulls } = context.records.of(repository)
    const pull = pulls.get(String(number))
    if (pull === undefined) throw new ErrandError('not_found')
    requireMergeable(pull, merge)
    const gitDir = context.records.gitFolder(repository.id)
    const sha = await makeCommit(context, repository, pull, by, merge)
    if (sha === undefined) throw new ErrandError('not_mergeable')
    const begun = await pulls.put(String(number), { ...pull, merging: { sha, by: by.id } })
    // The base may have been pushed to since it was read: then nothing is moved.
    if (!(await moveRef(gitDir, `refs/heads/${pull.base}`, sha, pull.base_sha))) {
      await pulls.put(String(number), pull)
      throw new ErrandError('not_mergeable', {
        message: 'Base branch was modified. Review and try the merge again.',
      })
    }
    const time = new Date().toISOString()
    return await pulls.put(String(number), {
      ...begun,
      state: 'closed',
      closed_at: time,
      updated_at: time,
      merged_at: time,
      merged_by: by.id,
      merge_commit_sha: sha,
      merging: null,
    })
  })
}

function requireMergeable(pull: Pull, merge: Merge): void {
  if (pull.draft && pull.state === 'open') {
    throw new ErrandError('not_mergeable', { message: 'Pull Request is still a draft' })
  }
  if (pull.state === 'closed') throw new ErrandError('not_mergeable')
  if (merge.sha !== undefined && merge.sha !== pull.head_sha) {
    throw new ErrandError('conflict', {
      message: 'Head branch was modified. Review and try the merge again.',
    })
  }
}

/** The commit the base is to be moved to; undefined where there is a conflict. */
async function makeCommit(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  by: Account,
  merge: Merge,
): Promise<string | undefined> {
  const gitDir = context.records.gitFolder(repository.id)
  const { head_sha: head, base_sha: base } = pull
  const author = { name: by.login, email: emailOf(by) }
  if (merge.method === 'rebase') return await rebasedCommit(gitDir, base, head, author)
  const tree = await mergedTree(gitDir, base, head)
  if (tree === undefined) return undefined
  if (merge.method === 'squash') {
    const [title, text] = await squashMessage(gitDir, pull)
    const message = joinMessage(merge.title ?? title, merge.message ?? text)
    return await commitTree(gitDir, { tree, parents: [base], message, author })
  }
  const from = `${ownerOf(context.records, repository).login}/${pull.head}`
  const title = `Merge pull request #${pull.number} from ${from}`
  const message = joinMessage(merge.title ?? title, merge.message ?? pull.title)
  return await commitTree(gitDir, { tree, parents: [base, head], message, author })
}

function joinMessage(title: string, text: string): string {
  return text === '' ? `${title}\n` : `${title}\n\n${text}\n`
}

/** As GitHub's: the only commit's message, or the pull request's title and a list of the commits. */
async function squashMessage(gitDir: string, pull: Pull): Promise<[title: string, text: string]> {
  const { commits } = await listRange(gitDir, `${pull.base_sha}..${pull.head_sha}`, {
    skip: 0,
    limit: namedCommits,
  })
  const [only, ...others] = commits
  if (only !== undefined && others.length === 0) {
    const [subject = '', ...rest] = only.message.split('\n')
    return [`${subject} (#${pull.number})`, rest.join('\n').trim()]
  }
  const list = commits.map(({ message }) => `* ${message}`).join('\n\n')
  return [`${pull.title} (#${pull.number})`, list]
}
