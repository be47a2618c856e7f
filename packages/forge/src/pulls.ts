import { ErrandError, invalidField } from '@errand/contract'
import type { ForgeContext } from './context.ts'
import { commitTree, listCommits, mergeBase, updateBranch } from './git/commits.ts'
import { gitMaybe } from './git/git.ts'
import { resolveBranch } from './git/refs.ts'
import { ownerOf } from './identity/access.ts'
import type { Account, Pull, Repository } from './records/records.ts'

export interface NewPull {
  title: string
  body: string | null
  head: string
  base: string
  draft: boolean
}

/**
 * Opens a pull request between two branches of a repository.
 *
 * @throws ErrandError validation_failed where GitHub refuses: no such branch, nothing between them,
 *   or one is open already for the same two.
 */
export async function openPull(
  context: ForgeContext,
  repository: Repository,
  author: { id: number },
  input: NewPull,
): Promise<Pull> {
  return await context.inTurn(repository.id, async () => {
    const { pulls } = await context.records.of(repository)
    const head = stripOwner(context, repository, input.head)
    const gitDir = context.records.gitFolder(repository.id)
    const headSha = await resolveBranch(gitDir, head)
    if (headSha === undefined)
      throw pullProblem('head', 'invalid', `head: there is no branch '${head}'`)
    const baseSha = await resolveBranch(gitDir, input.base)
    if (baseSha === undefined)
      throw pullProblem('base', 'invalid', `base: there is no branch '${input.base}'`)
    const open = pulls
      .values()
      .find((pull) => pull.state === 'open' && pull.head === head && pull.base === input.base)
    if (open !== undefined) {
      const label = `${ownerOf(context.records, repository).login}:${head}`
      throw pullProblem('head', 'custom', `A pull request already exists for ${label}.`)
    }
    const ahead = await listCommits(gitDir, `${baseSha}..${headSha}`, { limit: 1 })
    if (ahead.length === 0) {
      throw pullProblem('head', 'custom', `No commits between ${input.base} and ${head}`)
    }
    const number = repository.next_number
    // The number is taken before the pull request is written: a crash in between skips one.
    await context.records.repositories.put(String(repository.id), {
      ...repository,
      next_number: number + 1,
    })
    const time = new Date().toISOString()
    const pull: Pull = {
      number,
      title: input.title,
      body: input.body,
      user_id: author.id,
      head,
      base: input.base,
      draft: input.draft,
      state: 'open',
      requested_reviewers: [],
      labels: [],
      created_at: time,
      updated_at: time,
      closed_at: null,
      merged_at: null,
      merged_by: null,
      merge_commit_sha: null,
      closed_head_sha: null,
      closed_base_sha: null,
    }
    await pulls.put(String(number), pull)
    return pull
  })
}

function pullProblem(field: string, code: 'invalid' | 'custom', message: string): ErrandError {
  return new ErrandError('validation_failed', {
    errors: [{ resource: 'PullRequest', field, code, message }],
  })
}

/** `owner:branch`, as GitHub takes it, of this repository alone: there are no forks here. */
function stripOwner(context: ForgeContext, repository: Repository, head: string): string {
  const [owner, branch] = head.split(':')
  if (owner === undefined || branch === undefined) return head
  if (owner.toLowerCase() === ownerOf(context.records, repository).login.toLowerCase())
    return branch
  throw invalidField(
    'head',
    `head '${head}' is of another owner; this forge has no forks`,
    'PullRequest',
  )
}

export async function updatePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
  change: Partial<
    Pick<Pull, 'title' | 'body' | 'state' | 'base' | 'draft' | 'requested_reviewers' | 'labels'>
  >,
): Promise<Pull> {
  return await context.inTurn(repository.id, async () => {
    const { pulls } = await context.records.of(repository)
    const pull = await requirePull(context, repository, number)
    const shas = await pullShas(context, repository, pull)
    if (pull.merged_at !== null && change.state === 'open') {
      throw invalidField('state', 'a merged pull request cannot be opened again', 'PullRequest')
    }
    const isClosing = change.state === 'closed' && pull.state === 'open'
    const updated: Pull = {
      ...pull,
      ...change,
      updated_at: new Date().toISOString(),
      ...(isClosing
        ? {
            closed_at: new Date().toISOString(),
            closed_head_sha: shas.head,
            closed_base_sha: shas.base,
          }
        : {}),
      ...(change.state === 'open' ? { closed_at: null } : {}),
    }
    await pulls.put(String(number), updated)
    return updated
  })
}

/** @throws ErrandError not_found */
export async function requirePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
): Promise<Pull> {
  const { pulls } = await context.records.of(repository)
  const pull = pulls.get(String(number))
  if (pull === undefined) throw new ErrandError('not_found')
  return pull
}

/** Where both sides stand; of a closed one, where they stood. Null where a branch is gone. */
export async function pullShas(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
): Promise<{ head: string | null; base: string | null }> {
  const gitDir = context.records.gitFolder(repository.id)
  if (pull.state === 'closed') {
    return { head: pull.closed_head_sha, base: pull.closed_base_sha }
  }
  return {
    head: (await resolveBranch(gitDir, pull.head)) ?? null,
    base: (await resolveBranch(gitDir, pull.base)) ?? null,
  }
}

/** The tree both sides merge to; undefined where they conflict. */
export async function mergedTree(
  gitDir: string,
  base: string,
  head: string,
): Promise<string | undefined> {
  const answer = await gitMaybe(
    ['merge-tree', '--write-tree', '--no-messages', '--end-of-options', base, head],
    { gitDir },
  )
  return answer === undefined ? undefined : answer.split('\n')[0]
}

/**
 * Merges a pull request into its base, as a merge commit or squashed into one commit.
 *
 * @throws ErrandError not_mergeable (405) when it is closed, a draft or in conflict, conflict (409)
 *   when the head is not the one the caller meant.
 */
export async function mergePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
  by: Account,
  merge: { method: 'merge' | 'squash' | 'rebase'; title?: string; message?: string; sha?: string },
): Promise<Pull> {
  return await context.inTurn(repository.id, async () => {
    const pull = await requirePull(context, repository, number)
    const gitDir = context.records.gitFolder(repository.id)
    const { head, base } = await pullShas(context, repository, pull)
    if (pull.state === 'closed' || pull.draft || head === null || base === null) {
      const message = pull.draft ? 'Pull Request is still a draft' : 'Pull Request is not mergeable'
      throw new ErrandError('not_mergeable', { message })
    }
    if (merge.sha !== undefined && merge.sha !== head) {
      throw new ErrandError('conflict', {
        message: 'Head branch was modified. Review and try the merge again.',
      })
    }
    if (merge.method === 'rebase') {
      throw invalidField(
        'merge_method',
        "merge_method 'rebase' is not offered here; use merge or squash",
        'PullRequest',
      )
    }
    const tree = await mergedTree(gitDir, base, head)
    if (tree === undefined) throw new ErrandError('not_mergeable')
    const title =
      merge.title ??
      (merge.method === 'squash'
        ? `${pull.title} (#${number})`
        : `Merge pull request #${number} from ${pull.head}`)
    const sha = await commitTree(gitDir, {
      tree,
      parents: merge.method === 'squash' ? [base] : [base, head],
      message: `${title}\n\n${merge.message ?? pull.title}\n`,
      author: { name: by.login, email: `${by.id}+${by.login}@users.noreply.localhost` },
    })
    await updateBranch(gitDir, pull.base, sha, base)
    const time = new Date().toISOString()
    const merged: Pull = {
      ...pull,
      state: 'closed',
      closed_at: time,
      updated_at: time,
      merged_at: time,
      merged_by: by.id,
      merge_commit_sha: sha,
      closed_head_sha: head,
      closed_base_sha: base,
    }
    const { pulls } = await context.records.of(repository)
    await pulls.put(String(number), merged)
    return merged
  })
}

/** What a pull request brings: from where its branches parted to its head. */
export async function pullRange(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
): Promise<{ from: string; to: string } | undefined> {
  const gitDir = context.records.gitFolder(repository.id)
  const { head, base } = await pullShas(context, repository, pull)
  if (head === null || base === null) return undefined
  return { from: (await mergeBase(gitDir, base, head)) ?? base, to: head }
}
