import { AnswerError, isRefusal } from '@errand/contract'
import { findPullState, type PullState } from './find-pull-state.ts'
import { explainRefusal, type ForgeCalls, readForge, writeForge } from './forge-calls.ts'
import type { Progress } from './progress.ts'
import { stateOfChecks } from './read-checks.ts'

/** GitHub's ways to merge. */
export const mergeMethods = ['merge', 'squash', 'rebase'] as const
export type MergeMethod = (typeof mergeMethods)[number]

export interface Merging extends ForgeCalls {
  isErrand: boolean
  method: MergeMethod
  /** Only what all checks have passed. */
  whenGreen: boolean
  /** A draft is marked ready first. */
  ready: boolean
}

/** What became of one repository's pull request: `pending` is to be looked at again. */
export type Merged =
  | { type: 'merged'; isNew: boolean }
  | { type: 'pending' }
  | { type: 'refused'; reason: string }

/**
 * Merges one repository's pull request, as it was when its checks were looked at: one that was pushed to
 * since is refused. It is looked at first and after a refusal, so that doing it again changes nothing.
 */
export async function mergePart(merging: Merging, progress: Progress): Promise<Merged> {
  const pull = await findPullState(merging, progress)
  if (pull === undefined) return { type: 'refused', reason: 'it is gone' }
  if (pull.state === 'merged') return { type: 'merged', isNew: false }
  if (pull.state === 'closed') return { type: 'refused', reason: 'it is closed' }
  if (pull.state === 'draft' && !merging.ready) {
    return { type: 'refused', reason: 'it is a draft: --ready ends that' }
  }
  const hold = merging.whenGreen ? holdOf(pull) : undefined
  if (hold !== undefined) return hold
  if (pull.state === 'draft') {
    const problem = await markReady(merging, progress.repository, pull)
    if (problem !== undefined) return { type: 'refused', reason: problem }
    // What waits for a review to begin runs now: its checks are looked at once more.
    if (merging.whenGreen) return { type: 'pending' }
  }
  return merge(merging, progress, pull)
}

/** Why it is not green, or not yet. */
function holdOf({ checks }: PullState): Merged | undefined {
  const state = checks === undefined ? 'none' : stateOfChecks(checks)
  if (state === 'passed') return undefined
  if (state === 'pending') return { type: 'pending' }
  const reason =
    state === 'failed'
      ? `${checks?.failed} of its checks failed`
      : 'it has no checks: nothing says that it is good'
  return { type: 'refused', reason }
}

async function merge(merging: Merging, progress: Progress, pull: PullState): Promise<Merged> {
  const path = `/repos/${progress.repository}/pulls/${pull.number}/merge`
  try {
    await writeForge(merging, 'PUT', path, { merge_method: merging.method, sha: pull.sha })
    return { type: 'merged', isNew: true }
  } catch (error) {
    if (!isRefusal(error)) throw error
    // The answer to an earlier try may have been lost: then it is not mergeable, because it is merged.
    const now = await findPullState(merging, progress)
    if (now?.state === 'merged') return { type: 'merged', isNew: true }
    return { type: 'refused', reason: `${explainRefusal(error)} (${error.status})` }
  }
}

const readyMutation = `mutation ($id: ID!) {
  markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } }
}`

interface GraphQlAnswer {
  data?: { markPullRequestReadyForReview?: { pullRequest?: { isDraft: boolean } | null } | null }
  errors?: { message: string }[]
}

/**
 * Ends a draft: on GitHub by the only way there is, GraphQL, and on the embedded forge, which has none, by
 * its own field. Why it could not be ended; undefined when it was.
 */
async function markReady(
  merging: Merging,
  repository: string,
  { number, nodeId }: PullState,
): Promise<string | undefined> {
  const path = `/repos/${repository}/pulls/${number}`
  try {
    if (merging.isErrand) {
      await writeForge(merging, 'PATCH', path, { draft: false })
      const pull = await readForge<{ draft: boolean }>(merging, path)
      return pull?.draft === false ? undefined : 'the forge left it a draft'
    }
    const body = { query: readyMutation, variables: { id: nodeId } }
    const answer = await writeForge<GraphQlAnswer>(merging, 'POST', graphQlPath(merging), body)
    const isDraft = answer?.data?.markPullRequestReadyForReview?.pullRequest?.isDraft
    if (isDraft === false) return undefined
    return `it is a draft still: ${answer?.errors?.[0]?.message ?? 'GitHub did not say why'}`
  } catch (error) {
    if (!isRefusal(error)) throw error
    return `it is a draft still: ${explainRefusal(error)}`
  }
}

/** GitHub Enterprise Server has REST at `/api/v3` and GraphQL beside it. */
function graphQlPath({ client }: Merging): string {
  return client.baseUrl.endsWith('/api/v3') ? '/../graphql' : '/graphql'
}

/** One repository that refuses must not keep the others from being merged. */
export async function tryToMerge(merging: Merging, progress: Progress): Promise<Merged> {
  try {
    return await mergePart(merging, progress)
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status === 401) throw error
    return { type: 'refused', reason: explainRefusal(error) }
  }
}
