import { type ForgeCalls, pullNumberOf, readForge } from './forge-calls.ts'
import type { Progress } from './progress.ts'
import { type Checks, readChecks } from './read-checks.ts'

/** A pull request of a campaign as the forge has it now. */
export interface PullState {
  number: number
  title: string
  state: 'open' | 'draft' | 'merged' | 'closed'
  sha: string
  /** GitHub's id of it in GraphQL. */
  nodeId: string
  /** Only of an open one: nobody waits for the others'. */
  checks?: Checks
}

/** A pull request as GitHub's REST API shows it, as far as a campaign looks at it. */
interface Pull {
  number: number
  title: string
  state: 'open' | 'closed'
  draft?: boolean
  merged_at: string | null
  node_id: string
  head: { sha: string }
}

/** A part's pull request; undefined where it has none, or it is gone. */
export async function findPullState(
  calls: ForgeCalls,
  { repository, pullUrl }: Pick<Progress, 'repository' | 'pullUrl'>,
): Promise<PullState | undefined> {
  const number = pullNumberOf(pullUrl)
  if (number === undefined) return undefined
  const pull = await readForge<Pull>(calls, `/repos/${repository}/pulls/${number}`)
  if (pull === undefined) return undefined
  const { title, node_id: nodeId } = pull
  const { sha } = pull.head
  const found = { number, title, state: stateOf(pull), sha, nodeId }
  return pull.state === 'open'
    ? { ...found, checks: await readChecks(calls, repository, sha) }
    : found
}

function stateOf({ state, draft, merged_at: mergedAt }: Pull): PullState['state'] {
  if (mergedAt !== null) return 'merged'
  if (state === 'closed') return 'closed'
  return draft === true ? 'draft' : 'open'
}
