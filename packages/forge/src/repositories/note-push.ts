import { createHash } from 'node:crypto'
import type { ForgeContext } from '../context.ts'
import { gitText } from '../git/git.ts'
import { listBranches, pointHead } from '../git/refs.ts'

/** Stands for where all branches and tags of a repository are. */
export async function refsDigest(gitDir: string): Promise<string> {
  const refs = await gitText(['for-each-ref', 'refs/heads/', 'refs/tags/'], { gitDir })
  return createHash('sha256').update(refs).digest('hex')
}

/**
 * What a push brings with it: its time, and in a repository that was empty the default branch, which
 * is then the first one pushed, as on GitHub. Pull requests look for themselves.
 *
 * @param by the account that pushed, where it is known
 */
export async function notePush(
  context: ForgeContext,
  id: number,
  by: number | undefined,
): Promise<void> {
  await context.inTurn(id, async () => {
    const { records } = context
    const repository = records.repositories.get(String(id))
    // Deleted while it was pushed to.
    if (repository === undefined) return
    const gitDir = records.gitFolder(id)
    const names = (await listBranches(gitDir)).map(({ name }) => name)
    const isThere = names.includes(repository.default_branch) || names.length === 0
    const branch = isThere
      ? repository.default_branch
      : (['main', 'master'].find((name) => names.includes(name)) ?? names[0])
    if (branch !== undefined && !isThere) await pointHead(gitDir, branch)
    const time = new Date().toISOString()
    await records.repositories.update(String(id), (item) => ({
      ...item,
      default_branch: branch ?? item.default_branch,
      pushed_at: time,
      pushes: (item.pushes ?? 0) + 1,
      ...(by === undefined ? {} : { pushed_by: by }),
      updated_at: time,
    }))
  })
  context.tidy(id)
}
