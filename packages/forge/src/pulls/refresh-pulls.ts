import { ErrandError } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { isAncestor } from '../git/commits.ts'
import { listBranches } from '../git/refs.ts'
import type { Pull, Repository } from '../records/records.ts'
import { keepHead } from './keep-head.ts'

/**
 * A repository's pull requests as its branches have them now. Pushes are not told of: an open pull
 * request remembers where its branches stood, and whoever reads it first after a push moves it on. One
 * whose branch is gone is closed; one whose commits came into the base by a push is merged.
 */
export async function refreshPulls(context: ForgeContext, repository: Repository): Promise<Pull[]> {
  const { pulls } = context.records.of(repository)
  if (pulls.values().some((pull) => pull.state === 'open')) {
    const tips = await readTips(context, repository)
    if (pulls.values().some((pull) => isOutdated(pull, tips))) {
      await context.inTurn(repository.id, async () => await refreshOutdated(context, repository))
    }
  }
  return pulls.values()
}

/** One pull request as it is now. @throws ErrandError not_found */
export async function requirePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
): Promise<Pull> {
  const { pulls } = context.records.of(repository)
  if (pulls.get(String(number))?.state === 'open') await refreshPulls(context, repository)
  const pull = pulls.get(String(number))
  if (pull === undefined) throw new ErrandError('not_found')
  return pull
}

/** As `refreshPulls`, for who has the repository's turn. */
export async function refreshOutdated(
  context: ForgeContext,
  repository: Repository,
): Promise<void> {
  const { pulls } = context.records.of(repository)
  const gitDir = context.records.gitFolder(repository.id)
  // Read again: much may have happened while this waited for its turn.
  const tips = await readTips(context, repository)
  for (const pull of pulls.values()) {
    if (!isOutdated(pull, tips)) continue
    const change = await changeOf(gitDir, pull, tips)
    if (change.head_sha !== undefined) await keepHead(gitDir, pull.number, change.head_sha)
    await pulls.put(String(pull.number), { ...pull, ...change })
  }
}

type Tips = Map<string, string>

async function readTips(context: ForgeContext, repository: Repository): Promise<Tips> {
  const branches = await listBranches(context.records.gitFolder(repository.id))
  return new Map(branches.map(({ name, sha }) => [name, sha]))
}

function isOutdated(pull: Pull, tips: Tips): boolean {
  if (pull.state === 'closed') return false
  const isMoved = tips.get(pull.head) !== pull.head_sha || tips.get(pull.base) !== pull.base_sha
  return isMoved || pull.merging !== null
}

async function changeOf(gitDir: string, pull: Pull, tips: Tips): Promise<Partial<Pull>> {
  const time = new Date().toISOString()
  const closed = { state: 'closed', closed_at: time, updated_at: time, merging: null } as const
  const head = tips.get(pull.head)
  const base = tips.get(pull.base)
  if (base === undefined) return closed
  if (pull.merging !== null && (await isAncestor(gitDir, pull.merging.sha, base))) {
    // Our own merge moved the base, and the process died before it could say so.
    const { sha, by } = pull.merging
    return { ...closed, merged_at: time, merged_by: by, merge_commit_sha: sha }
  }
  if (head === undefined) {
    const isMerged = await isNewIn(gitDir, pull.head_sha, pull.base_sha, base)
    return isMerged ? { ...closed, merged_at: time, merge_commit_sha: base } : closed
  }
  const moved = { head_sha: head, base_sha: base, merging: null }
  if (await isAncestor(gitDir, head, base)) {
    // Merged by hand and pushed; or the head was put back to where it brings nothing.
    const isMerged = await isNewIn(gitDir, head, pull.base_sha, base)
    return isMerged
      ? { ...closed, head_sha: head, merged_at: time, merge_commit_sha: base }
      : { ...closed, ...moved }
  }
  return head === pull.head_sha ? moved : { ...moved, updated_at: time }
}

/** Whether a commit is in the base now and was not before. */
async function isNewIn(gitDir: string, sha: string, before: string, now: string): Promise<boolean> {
  return (await isAncestor(gitDir, sha, now)) && !(await isAncestor(gitDir, sha, before))
}
