import type { ForgeContext } from '../context.ts'
import { listRefs } from '../git/refs.ts'
import { refreshPulls } from '../pulls/refresh-pulls.ts'
import type { Pull, Repository, Seen, SeenPull } from '../records/records.ts'

/** How a repository is now, as far as anything of it is told. */
export async function look(
  context: ForgeContext,
  repository: Repository,
): Promise<Omit<Seen, 'sequence'>> {
  const refs = await listRefs(context.records.gitFolder(repository.id), [
    'refs/heads/',
    'refs/tags/',
  ])
  const pulls = await refreshPulls(context, repository)
  const comments = context.records.of(repository).comments.values()
  return {
    refs: Object.fromEntries(refs.map(({ name, sha }) => [name, sha])),
    pulls: Object.fromEntries(pulls.map((pull) => [pull.number, seenOf(pull)])),
    last_comment_id: Math.max(0, ...comments.map(({ id }) => id)),
  }
}

function seenOf(pull: Pull): SeenPull {
  const { state, title, body, base, draft, head_sha, labels, requested_reviewers } = pull
  return { state, title, body, base, draft, head_sha, labels, requested_reviewers }
}

/** Nothing was seen of it yet: everything in it is new. */
export const nothing: Seen = { sequence: 0, refs: {}, pulls: {}, last_comment_id: 0 }
