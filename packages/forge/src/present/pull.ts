import type { ForgeContext, Urls } from '../context.ts'
import { changedFiles } from '../git/changed-files.ts'
import { countCommits } from '../git/commits.ts'
import { fullName, ownerOf, roleIn } from '../identity/access.ts'
import { readMergeable } from '../pulls/mergeable.ts'
import { pullRange } from '../pulls/pull-range.ts'
import type { Account, Pull, Repository } from '../records/records.ts'
import { nodeId, presentAccount } from './account.ts'
import { countLines } from './commit.ts'
import { presentRepository } from './repository.ts'

/** A pull request as lists have it. */
export function presentPull(context: ForgeContext, repository: Repository, pull: Pull, urls: Urls) {
  const name = fullName(context.records, repository)
  const url = `${urls.api}/repos/${name}/pulls/${pull.number}`
  const issue = `${urls.api}/repos/${name}/issues/${pull.number}`
  const html = `${urls.web}/${name}/pull/${pull.number}`
  const owner = ownerOf(context.records, repository)
  const side = (branch: string, sha: string) => ({
    label: `${owner.login}:${branch}`,
    ref: branch,
    sha,
    user: presentAccount(owner, urls),
    repo: presentRepository(context.records, repository, urls),
  })
  const statuses = `${urls.api}/repos/${name}/statuses/${pull.head_sha}`
  return {
    url,
    id: pull.number,
    node_id: nodeId('PullRequest', `${repository.id}:${pull.number}`),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${urls.api}/repos/${name}/pulls/comments{/number}`,
    comments_url: `${issue}/comments`,
    statuses_url: statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: presentUser(context, pull.user_id, urls),
    body: pull.body,
    labels: pull.labels.map((label) => presentLabel(label, name, urls)),
    milestone: null,
    created_at: pull.created_at,
    updated_at: pull.updated_at,
    closed_at: pull.closed_at,
    merged_at: pull.merged_at,
    merge_commit_sha: pull.merge_commit_sha,
    assignee: null,
    assignees: [],
    requested_reviewers: pull.requested_reviewers.map((id) => presentUser(context, id, urls)),
    requested_teams: [],
    head: side(pull.head, pull.head_sha),
    base: side(pull.base, pull.base_sha),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issue },
      comments: { href: `${issue}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${urls.api}/repos/${name}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: associationOf(context, repository, pull.user_id),
    auto_merge: null,
    draft: pull.draft,
  }
}

/** A pull request alone, with what is computed from its branches. */
export async function presentFullPull(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  urls: Urls,
) {
  const gitDir = context.records.gitFolder(repository.id)
  const range = await pullRange(gitDir, pull)
  const files = range === undefined ? [] : await changedFiles(gitDir, range.from, range.to)
  const { additions, deletions } = countLines(files)
  const { comments } = context.records.of(repository)
  const isMergeable = await readMergeable(context, repository, pull)
  return {
    ...presentPull(context, repository, pull, urls),
    merged: pull.merged_at !== null,
    mergeable: isMergeable,
    rebaseable: null,
    mergeable_state: mergeableState(pull, isMergeable),
    merged_by: pull.merged_by === null ? null : presentUser(context, pull.merged_by, urls),
    comments: comments.values().filter((comment) => comment.issue_number === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: range === undefined ? 0 : await countCommits(gitDir, `${range.from}..${range.to}`),
    additions,
    deletions,
    changed_files: files.length,
  }
}

function mergeableState(pull: Pull, isMergeable: boolean | null): string {
  if (isMergeable === null) return 'unknown'
  if (!isMergeable) return 'dirty'
  return pull.draft ? 'draft' : 'clean'
}

/** What somebody is to the repository, in GitHub's words. */
export function associationOf(
  context: ForgeContext,
  repository: Repository,
  userId: number,
): 'OWNER' | 'MEMBER' | 'COLLABORATOR' | 'NONE' {
  if (repository.owner_id === userId) return 'OWNER'
  if (ownerOf(context.records, repository).members[userId] !== undefined) return 'MEMBER'
  const account = context.records.accounts.get(String(userId))
  const role = account && roleIn(context.records, account, repository)
  return role === undefined || role === 'read' ? 'NONE' : 'COLLABORATOR'
}

/** Whoever it was: an account that is gone is GitHub's ghost. */
export function presentUser(context: ForgeContext, id: number, urls: Urls) {
  const ghost: Account = {
    id,
    login: 'ghost',
    type: 'User',
    site_admin: false,
    created_at: new Date(0).toISOString(),
    members: {},
  }
  return presentAccount(context.records.accounts.get(String(id)) ?? ghost, urls)
}

export function presentLabel(label: string, name: string, urls: Urls) {
  return {
    id: 0,
    node_id: nodeId('Label', label),
    url: `${urls.api}/repos/${name}/labels/${encodeURIComponent(label)}`,
    name: label,
    // A pull request in a list must have one, by GitHub's description.
    description: '',
    color: 'ededed',
    default: false,
  }
}
