import type { ForgeContext, Urls } from '../context.ts'
import { countCommits } from '../git/commits.ts'
import { changedFiles } from '../git/diff.ts'
import { fullName, ownerOf } from '../identity/access.ts'
import { mergedTree, pullRange, pullShas } from '../pulls.ts'
import type { Account, Pull, Repository } from '../records/records.ts'
import { nodeId, presentAccount } from './account.ts'
import { presentRepository } from './repository.ts'

/** A pull request as lists have it. */
export async function presentPull(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  urls: Urls,
) {
  const name = fullName(context.records, repository)
  const url = `${urls.api}/repos/${name}/pulls/${pull.number}`
  const issue = `${urls.api}/repos/${name}/issues/${pull.number}`
  const html = `${urls.web}/${name}/pull/${pull.number}`
  const shas = await pullShas(context, repository, pull)
  const owner = ownerOf(context.records, repository)
  const side = (branch: string, sha: string | null) => ({
    label: `${owner.login}:${branch}`,
    ref: branch,
    sha: sha ?? '',
    user: presentAccount(owner, urls),
    repo: presentRepository(context.records, repository, urls),
  })
  const statuses = `${urls.api}/repos/${name}/statuses/${shas.head ?? ''}`
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
    head: side(pull.head, shas.head),
    base: side(pull.base, shas.base),
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
    author_association: 'COLLABORATOR',
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
  const range = await pullRange(context, repository, pull)
  const files = range === undefined ? [] : await changedFiles(gitDir, range.from, range.to)
  const { comments } = await context.records.of(repository)
  const mergeable = await isMergeable(context, repository, pull)
  return {
    ...(await presentPull(context, repository, pull, urls)),
    merged: pull.merged_at !== null,
    mergeable,
    rebaseable: null,
    mergeable_state: pull.draft ? 'draft' : mergeable === false ? 'dirty' : 'clean',
    merged_by: pull.merged_by === null ? null : presentUser(context, pull.merged_by, urls),
    comments: comments.values().filter((comment) => comment.issue_number === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: range === undefined ? 0 : await countCommits(gitDir, `${range.from}..${range.to}`),
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  }
}

async function isMergeable(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
): Promise<boolean | null> {
  if (pull.state === 'closed') return null
  const { head, base } = await pullShas(context, repository, pull)
  if (head === null || base === null) return false
  return (await mergedTree(context.records.gitFolder(repository.id), base, head)) !== undefined
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

function presentLabel(label: string, name: string, urls: Urls) {
  return {
    id: 0,
    node_id: nodeId('Label', label),
    url: `${urls.api}/repos/${name}/labels/${encodeURIComponent(label)}`,
    name: label,
    description: null,
    color: 'ededed',
    default: false,
  }
}
