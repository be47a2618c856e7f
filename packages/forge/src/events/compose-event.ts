import { createHash } from 'node:crypto'
import type { ForgeEvent } from '@errand/contract'
import type { ForgeContext, Urls } from '../context.ts'
import { isAncestor, listCommits, type Commit } from '../git/commits.ts'
import { noObject, resolveCommit } from '../git/refs.ts'
import { fullName, ownerOf } from '../identity/access.ts'
import { presentAccount } from '../present/account.ts'
import { presentComment } from '../present/comment.ts'
import { presentFullPull, presentLabel, presentPull, presentUser } from '../present/pull.ts'
import { presentRepository } from '../present/repository.ts'
import type { Pull, Repository } from '../records/records.ts'
import type { Change } from './changes.ts'

/** Commits that are listed in a push; GitHub lists more, and has them in its API as well. */
const listedCommits = 20

/**
 * A change as GitHub's webhooks tell it. Its id is made from what it is, and from how much was told
 * before: told again, after a crash, it is the same.
 *
 * @returns undefined for what is gone by now
 */
export async function composeEvent(
  context: ForgeContext,
  repository: Repository,
  sequence: number,
  change: Change,
): Promise<ForgeEvent | undefined> {
  const urls = { api: context.publicUrl(), web: context.publicUrl() }
  const composed = await payloadOf(context, repository, change, urls)
  if (composed === undefined) return undefined
  const owner = ownerOf(context.records, repository)
  const { sender, ...payload } = composed
  return {
    id: uuidOf(`${repository.id} ${sequence} ${JSON.stringify(change)}`),
    event: change.event,
    ...('action' in change ? { action: change.action } : {}),
    repository_id: repository.id,
    owner_id: repository.owner_id,
    payload: {
      ...('action' in change ? { action: change.action } : {}),
      ...payload,
      repository: presentRepository(context.records, repository, urls),
      ...(owner.type === 'Organization' ? { organization: presentAccount(owner, urls) } : {}),
      sender: presentUser(context, sender, urls),
    },
  }
}

type Composed = { sender: number } & Record<string, unknown>

async function payloadOf(
  context: ForgeContext,
  repository: Repository,
  change: Change,
  urls: Urls,
): Promise<Composed | undefined> {
  if (change.event === 'push') return await pushOf(context, repository, change, urls)
  const { pulls, comments } = context.records.of(repository)
  if (change.event === 'issue_comment') {
    const comment = comments.get(String(change.id))
    const pull = comment && pulls.get(String(comment.issue_number))
    if (comment === undefined || pull === undefined) return undefined
    const name = fullName(context.records, repository)
    return {
      issue: issueOf(context, repository, pull, urls),
      comment: presentComment(context, repository, name, comment, urls),
      sender: comment.user_id,
    }
  }
  const pull = pulls.get(String(change.number))
  if (pull === undefined) return undefined
  return {
    number: pull.number,
    pull_request: await presentFullPull(context, repository, pull, urls),
    ...detailsOf(context, repository, change.details, urls),
    sender: actorOf(change, pull, repository),
  }
}

/** Who did it: whoever changed what the change is about last. */
function actorOf(
  { action, details }: Extract<Change, { event: 'pull_request' }>,
  pull: Pull,
  repository: Repository,
): number {
  if (action === 'opened') return pull.user_id
  if (action === 'synchronize') return repository.pushed_by ?? pull.user_id
  if (action === 'closed' && pull.merged_by !== null) return pull.merged_by
  const edited: { changes?: object } = details ?? {}
  const [field = fieldOf[action]] = Object.keys(edited.changes ?? {})
  return pull.changed_by?.[field ?? ''] ?? pull.user_id
}

const fieldOf: Record<string, string> = {
  closed: 'state',
  reopened: 'state',
  ready_for_review: 'draft',
  converted_to_draft: 'draft',
  labeled: 'labels',
  unlabeled: 'labels',
  review_requested: 'requested_reviewers',
  review_request_removed: 'requested_reviewers',
}

function detailsOf(
  context: ForgeContext,
  repository: Repository,
  details: object | undefined,
  urls: Urls,
): object {
  if (details === undefined) return {}
  // Made by `pullChanges`: a label's name, a reviewer's id, or what is told as it stands.
  const { label, requested_reviewer: reviewer } = details as {
    label?: string
    requested_reviewer?: number
  }
  if (label !== undefined) {
    return { label: presentLabel(label, fullName(context.records, repository), urls) }
  }
  if (reviewer !== undefined) return { requested_reviewer: presentUser(context, reviewer, urls) }
  return details
}

/** A pull request as an issue, as comments have it. */
function issueOf(context: ForgeContext, repository: Repository, pull: Pull, urls: Urls): object {
  const shown = presentPull(context, repository, pull, urls)
  const { id, node_id, number, title, state, locked, user, body, labels } = shown
  const { created_at, updated_at, closed_at, author_association, draft, html_url } = shown
  return {
    id,
    node_id,
    number,
    title,
    state,
    locked,
    user,
    body,
    labels,
    created_at,
    updated_at,
    closed_at,
    author_association,
    draft,
    html_url,
    url: shown.issue_url,
    comments_url: shown.comments_url,
    repository_url: presentRepository(context.records, repository, urls).url,
    pull_request: {
      url: shown.url,
      html_url,
      diff_url: shown.diff_url,
      patch_url: shown.patch_url,
      merged_at: pull.merged_at,
    },
  }
}

async function pushOf(
  context: ForgeContext,
  repository: Repository,
  { ref, before, after }: Extract<Change, { event: 'push' }>,
  urls: Urls,
): Promise<Composed> {
  const gitDir = context.records.gitFolder(repository.id)
  const name = fullName(context.records, repository)
  const head = after === undefined ? undefined : await resolveCommit(gitDir, after)
  const isForced =
    before !== undefined && head !== undefined && !(await isAncestor(gitDir, before, head))
  const range = before === undefined || head === undefined ? head : `${before}..${head}`
  const commits =
    range === undefined ? [] : await listCommits(gitDir, range, { limit: listedCommits })
  const shown = commits.map((commit) => commitOf(commit, name, urls))
  const pusher = repository.pushed_by ?? repository.owner_id
  const login = context.records.accounts.get(String(pusher))?.login ?? 'ghost'
  return {
    ref,
    before: before ?? noObject,
    after: after ?? noObject,
    created: before === undefined,
    deleted: after === undefined,
    forced: isForced,
    base_ref: null,
    compare: `${urls.web}/${name}/compare/${(before ?? noObject).slice(0, 12)}...${(after ?? noObject).slice(0, 12)}`,
    // Of a new branch GitHub lists what no other has; here the head stands for it.
    commits: before === undefined ? [] : shown.toReversed(),
    head_commit: shown[0] ?? null,
    pusher: { name: login },
    sender: pusher,
  }
}

function commitOf({ sha, tree, message, author, committer }: Commit, name: string, urls: Urls) {
  return {
    id: sha,
    tree_id: tree,
    distinct: true,
    message,
    timestamp: committer.date,
    url: `${urls.web}/${name}/commit/${sha}`,
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  }
}

/** A UUID made from a text (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
