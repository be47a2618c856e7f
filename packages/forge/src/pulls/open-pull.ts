import { ErrandError, invalidField } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { countCommits, mergeBase } from '../git/commits.ts'
import { resolveBranch } from '../git/refs.ts'
import { ownerOf } from '../identity/access.ts'
import type { Pull, Repository } from '../records/records.ts'
import { keepHead } from './keep-head.ts'

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
 * @throws ErrandError validation_failed where GitHub refuses: no such branch, nothing between them, no
 *   history in common, or one is open already for the same two.
 */
export async function openPull(
  context: ForgeContext,
  repository: Repository,
  author: { id: number },
  input: NewPull,
): Promise<Pull> {
  const head = stripOwner(context, repository, input.head)
  const { base } = input
  return await context.inTurn(repository.id, async () => {
    const gitDir = context.records.gitFolder(repository.id)
    const headSha = await resolveBranch(gitDir, head)
    if (headSha === undefined) throw pullProblem('head', 'invalid', `there is no branch '${head}'`)
    const baseSha = await resolveBranch(gitDir, base)
    if (baseSha === undefined) throw pullProblem('base', 'invalid', `there is no branch '${base}'`)
    requireNoOther(context, repository, head, base)
    await requireCommits(gitDir, { name: base, sha: baseSha }, { name: head, sha: headSha })
    // The number is taken before the pull request is written: a crash in between skips one.
    const counted = await context.records.repositories.update(String(repository.id), (item) => ({
      ...item,
      next_number: item.next_number + 1,
    }))
    const number = counted.next_number - 1
    await keepHead(gitDir, number, headSha)
    const time = new Date().toISOString()
    return await context.records.of(repository).pulls.put(String(number), {
      number,
      title: input.title,
      body: input.body,
      user_id: author.id,
      head,
      base,
      draft: input.draft,
      state: 'open',
      requested_reviewers: [],
      labels: [],
      created_at: time,
      updated_at: time,
      closed_at: null,
      head_sha: headSha,
      base_sha: baseSha,
      merged_at: null,
      merged_by: null,
      merge_commit_sha: null,
      merging: null,
    })
  })
}

/** The open pull request of two branches, of which there is at most one. */
export function findOpenPull(
  context: ForgeContext,
  repository: Repository,
  head: string,
  base: string,
): Pull | undefined {
  return context.records
    .of(repository)
    .pulls.values()
    .find((pull) => pull.state === 'open' && pull.head === head && pull.base === base)
}

/** @throws ErrandError validation_failed in GitHub's words, which clients look for. */
export function requireNoOther(
  context: ForgeContext,
  repository: Repository,
  head: string,
  base: string,
): void {
  if (findOpenPull(context, repository, head, base) === undefined) return
  const label = `${ownerOf(context.records, repository).login}:${head}`
  throw new ErrandError('validation_failed', {
    errors: [
      {
        resource: 'PullRequest',
        code: 'custom',
        message: `A pull request already exists for ${label}.`,
      },
    ],
  })
}

/** @throws ErrandError validation_failed when there would be nothing to look at. */
export async function requireCommits(
  gitDir: string,
  base: { name: string; sha: string },
  head: { name: string; sha: string },
): Promise<void> {
  if ((await countCommits(gitDir, `${base.sha}..${head.sha}`)) === 0) {
    throw new ErrandError('validation_failed', {
      errors: [
        {
          resource: 'PullRequest',
          code: 'custom',
          message: `No commits between ${base.name} and ${head.name}`,
        },
      ],
    })
  }
  if ((await mergeBase(gitDir, base.sha, head.sha)) === undefined) {
    throw new ErrandError('validation_failed', {
      errors: [
        {
          resource: 'PullRequest',
          code: 'custom',
          message: `The ${head.name} branch has no history in common with ${base.name}`,
        },
      ],
    })
  }
}

export function pullProblem(
  field: string,
  code: 'invalid' | 'custom',
  message: string,
): ErrandError {
  return new ErrandError('validation_failed', {
    errors: [{ resource: 'PullRequest', field, code, message: `${field}: ${message}` }],
  })
}

/** `owner:branch`, as GitHub takes it, of this repository alone: there are no forks here. */
function stripOwner(context: ForgeContext, repository: Repository, head: string): string {
  const [owner, branch] = head.split(':')
  if (owner === undefined || branch === undefined) return head
  if (owner.toLowerCase() === ownerOf(context.records, repository).login.toLowerCase()) {
    return branch
  }
  throw invalidField(
    'head',
    `head '${head}' is of another owner; this forge has no forks`,
    'PullRequest',
  )
}
