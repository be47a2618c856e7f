import { ErrandError, invalidField } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { resolveBranch } from '../git/refs.ts'
import type { Pull, Repository } from '../records/records.ts'
import { keepHead } from './keep-head.ts'
import { pullProblem, requireCommits, requireNoOther } from './open-pull.ts'
import { refreshOutdated } from './refresh-pulls.ts'

export type PullChange = Partial<
  Pick<Pull, 'title' | 'body' | 'state' | 'base' | 'draft' | 'requested_reviewers' | 'labels'>
>

/**
 * Changes a pull request, in the name of an account. `change` may be a function of what it is when its turn has come.
 *
 * @throws ErrandError not_found; validation_failed where GitHub refuses, such as another base than one
 *   that is there, or opening one again whose branch is gone.
 */
export async function changePull(
  context: ForgeContext,
  repository: Repository,
  number: number,
  by: { id: number },
  change: PullChange | ((pull: Pull) => PullChange),
): Promise<Pull> {
  return await context.inTurn(repository.id, async () => {
    await refreshOutdated(context, repository)
    const { pulls } = context.records.of(repository)
    const pull = pulls.get(String(number))
    if (pull === undefined) throw new ErrandError('not_found')
    const wanted = typeof change === 'function' ? change(pull) : change
    const { state = pull.state, base = pull.base } = wanted
    const time = new Date().toISOString()
    let moved: Partial<Pull> = {}
    if (base !== pull.base && pull.state === 'closed') {
      throw pullProblem('base', 'invalid', 'the base of a closed pull request cannot be changed')
    }
    if (state === 'open' && (pull.state === 'closed' || base !== pull.base)) {
      moved = await standOf(context, repository, pull, base)
    }
    return await pulls.put(String(number), {
      ...pull,
      ...wanted,
      ...moved,
      changed_by: {
        ...pull.changed_by,
        ...Object.fromEntries(Object.keys(wanted).map((key) => [key, by.id])),
      },
      updated_at: time,
      closed_at: state === 'open' ? null : (pull.closed_at ?? time),
    })
  })
}

/** Where an opened pull request's branches stand, if it may be opened between them. */
async function standOf(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  base: string,
): Promise<Pick<Pull, 'head_sha' | 'base_sha'>> {
  if (pull.merged_at !== null) {
    throw invalidField('state', 'a merged pull request cannot be opened again', 'PullRequest')
  }
  const gitDir = context.records.gitFolder(repository.id)
  const headSha = await resolveBranch(gitDir, pull.head)
  if (headSha === undefined) {
    throw pullProblem('state', 'invalid', `its branch '${pull.head}' was deleted`)
  }
  const baseSha = await resolveBranch(gitDir, base)
  if (baseSha === undefined) throw pullProblem('base', 'invalid', `there is no branch '${base}'`)
  requireNoOther(context, repository, pull.head, base)
  await requireCommits(gitDir, { name: base, sha: baseSha }, { name: pull.head, sha: headSha })
  await keepHead(gitDir, pull.number, headSha)
  return { head_sha: headSha, base_sha: baseSha }
}
