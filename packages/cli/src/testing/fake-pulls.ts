import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'

/** A pull request that the fake GitHub has, and what was done to it. */
export interface FakePull {
  number: number
  title: string
  draft: boolean
  merged: boolean
  labels: string[]
  reviewers: string[]
  /** Of its head commit: statuses and check runs, as GitHub would list them. */
  statuses: { context: string; state: string }[]
  checkRuns: { name: string; status: string; conclusion: string | null }[]
  /** Why it cannot be merged: GitHub's status and message. */
  unmergeable?: { status: number; message: string }
  /** When it was changed, in epoch milliseconds. */
  writesAt: number[]
}

export interface FakeAnswer {
  status: number
  body: unknown
}

/** Whoever is not this one cannot be asked for a review. */
export const knownReviewer = 'ann'

export function createFakePull(): FakePull {
  return {
    number: 7,
    title: 'Done',
    draft: false,
    merged: false,
    labels: [],
    reviewers: [],
    statuses: [],
    checkRuns: [],
    writesAt: [],
  }
}

/** What GitHub answers about a pull request and its head commit; undefined for any other path. */
export async function answerPull(
  pull: FakePull,
  repository: string,
  path: string,
  request: IncomingMessage,
): Promise<FakeAnswer | undefined> {
  const method = request.method ?? 'GET'
  const isRead = method === 'GET'
  const body = isRead || !/\/(pulls|issues)\//.test(path) ? {} : await json(request)
  if (!isRead && /\/(pulls|issues)\//.test(path)) pull.writesAt.push(Date.now())
  const ok = { status: 200, body: presentPull(pull, repository) }
  switch (`${method} ${path}`) {
    case 'GET /pulls/7':
      return ok
    case 'PATCH /pulls/7':
      Object.assign(pull, { title: (body as { title?: string }).title ?? pull.title })
      return ok
    case 'POST /issues/7/labels':
      pull.labels.push(...(body as { labels: string[] }).labels)
      return { status: 200, body: pull.labels.map((name) => ({ name })) }
    case 'POST /pulls/7/requested_reviewers':
      return requestReview(pull, body as { reviewers?: string[] }, ok)
    case 'PUT /pulls/7/merge':
      return merge(pull)
    case 'GET /commits/abc/status':
      return { status: 200, body: { total_count: pull.statuses.length, statuses: pull.statuses } }
    case 'GET /commits/abc/check-runs':
      return {
        status: 200,
        body: { total_count: pull.checkRuns.length, check_runs: pull.checkRuns },
      }
    default:
      return undefined
  }
}

function requestReview(
  pull: FakePull,
  { reviewers = [] }: { reviewers?: string[] },
  ok: FakeAnswer,
): FakeAnswer {
  if (reviewers.length === 0 || reviewers.some((login) => login !== knownReviewer)) {
    return { status: 422, body: { message: 'Reviews may only be requested from collaborators.' } }
  }
  pull.reviewers.push(...reviewers)
  return { ...ok, status: 201 }
}

function merge(pull: FakePull): FakeAnswer {
  if (pull.unmergeable !== undefined) {
    const { status, message } = pull.unmergeable
    return { status, body: { message } }
  }
  if (pull.draft) return { status: 405, body: { message: 'Pull Request is still a draft' } }
  if (pull.merged) return { status: 405, body: { message: 'Pull Request is not mergeable' } }
  pull.merged = true
  return { status: 200, body: { merged: true, sha: 'def', message: 'merged' } }
}

/** As GitHub shows one, as far as a campaign looks at it. */
export function presentPull(pull: FakePull, repository: string) {
  return {
    number: pull.number,
    node_id: `PR_${repository}`,
    html_url: `https://github.com/${repository}/pull/${pull.number}`,
    title: pull.title,
    state: pull.merged ? 'closed' : 'open',
    merged_at: pull.merged ? '2026-01-02T05:00:00Z' : null,
    draft: pull.draft,
    labels: pull.labels.map((name) => ({ name })),
    requested_reviewers: pull.reviewers.map((login) => ({ login })),
    requested_teams: [],
    head: { ref: 'copilot/x', sha: 'abc', repo: { id: 1 } },
    base: { ref: 'main', repo: { id: 1 } },
  }
}
