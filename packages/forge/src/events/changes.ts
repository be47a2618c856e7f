import { isDeepStrictEqual } from 'node:util'
import type { Seen, SeenPull } from '../records/records.ts'

/** A difference between how a repository was and how it is, as GitHub would tell it. */
export type Change =
  | { event: 'push'; ref: string; before: string | undefined; after: string | undefined }
  | { event: 'pull_request'; action: string; number: number; details?: object }
  | { event: 'issue_comment'; action: 'created'; id: number }

/** GitHub tells of no more tags of one push, and of very many branches neither. */
const mostTags = 3
const mostBranches = 100

/**
 * What changed, in the order in which it is to be told: pushes, then pull requests, then comments.
 *
 * @param commentIds of comments that are there now
 */
export function changesBetween(
  before: Omit<Seen, 'sequence'>,
  after: Omit<Seen, 'sequence'>,
  commentIds: readonly number[],
): Change[] {
  return [
    ...pushesBetween(before.refs, after.refs),
    ...Object.keys(after.pulls).flatMap((number) =>
      pullChanges(Number(number), before.pulls[number], after.pulls[number] as SeenPull),
    ),
    ...commentIds
      .filter((id) => id > before.last_comment_id)
      .toSorted((a, b) => a - b)
      .map((id) => ({ event: 'issue_comment', action: 'created', id }) as const),
  ]
}

function pushesBetween(before: Seen['refs'], after: Seen['refs']): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  const moved = names.filter((name) => before[name] !== after[name])
  const tags = moved.filter((name) => name.startsWith('refs/tags/'))
  const branches = moved.filter((name) => name.startsWith('refs/heads/'))
  return [
    ...(branches.length > mostBranches ? [] : branches),
    ...(tags.length > mostTags ? [] : tags),
  ].map((ref) => ({ event: 'push', ref, before: before[ref], after: after[ref] }))
}

function pullChanges(number: number, before: SeenPull | undefined, after: SeenPull): Change[] {
  const told = (action: string, details?: object): Change => ({
    event: 'pull_request',
    action,
    number,
    ...(details === undefined ? {} : { details }),
  })
  if (before === undefined) {
    return after.state === 'open' ? [told('opened')] : [told('opened'), told('closed')]
  }
  const edits = (['title', 'body', 'base'] as const).filter((key) => before[key] !== after[key])
  const changed = Object.fromEntries(
    edits.map((key) =>
      key === 'base' ? [key, { ref: { from: before.base } }] : [key, { from: before[key] }],
    ),
  )
  const isMoved = before.head_sha !== after.head_sha
  return [
    ...(before.state === 'closed' && after.state === 'open' ? [told('reopened')] : []),
    ...(isMoved && before.state === 'open'
      ? [told('synchronize', { before: before.head_sha, after: after.head_sha })]
      : []),
    ...(edits.length > 0 ? [told('edited', { changes: changed })] : []),
    ...(before.draft && !after.draft ? [told('ready_for_review')] : []),
    ...(!before.draft && after.draft ? [told('converted_to_draft')] : []),
    ...added(before.labels, after.labels).map((label) => told('labeled', { label })),
    ...added(after.labels, before.labels).map((label) => told('unlabeled', { label })),
    ...added(before.requested_reviewers, after.requested_reviewers).map((requested_reviewer) =>
      told('review_requested', { requested_reviewer }),
    ),
    ...added(after.requested_reviewers, before.requested_reviewers).map((requested_reviewer) =>
      told('review_request_removed', { requested_reviewer }),
    ),
    ...(before.state === 'open' && after.state === 'closed' ? [told('closed')] : []),
  ]
}

function added<T>(before: readonly T[], after: readonly T[]): T[] {
  return after.filter((item) => !before.some((other) => isDeepStrictEqual(item, other)))
}
