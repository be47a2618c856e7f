import { join } from 'node:path'

import { type Box, boxPaths } from '../../box/index.ts'
import { git } from '../../git/git.ts'
import type { Result } from '../../result/collect-result.ts'
import type { Run } from '../../run/run.ts'
import type { Checkout } from '../../workspace/check-out.ts'
import { runInBox } from '../../workspace/run-in-box.ts'

const ref = 'refs/errand/review'
const bundle = 'work.bundle'

/** Puts the result where a box will find it. The home is new: no agent has been there yet. */
export async function packResult(
  run: Run,
  parts: { result: Result; checkout: Checkout; homeDir: string },
): Promise<void> {
  const { result, checkout, homeDir } = parts
  const options = { gitDir: result.gitDir, signal: run.signal }
  await git(['update-ref', ref, result.commit], options)
  const known = [checkout.startCommit, ...checkout.upstreamTips].map((tip) => `^${tip}\n`).join('')
  const command = ['bundle', 'create', '--quiet', join(homeDir, bundle), '--stdin', ref]
  await git(command, { ...options, input: known })
}

/** Arguments: the mirror, the bundle, the ref in it. */
const script = `
set -eu
git config --global --replace-all safe.directory "$1"
git clone --quiet --shared --no-checkout --template= "$1" .
git fetch --quiet "$2" "$3"
git checkout --quiet --detach FETCH_HEAD
rm "$2"
`

/**
 * Checks the result out within the box.
 *
 * @throws SessionFailed workspace_failed
 */
export async function checkOutResult(run: Run, box: Box): Promise<void> {
  const args = ['-c', script, 'review', boxPaths.mirror, `${boxPaths.home}/${bundle}`, ref]
  await runInBox(run, box, ['sh', ...args], {
    failure: 'workspace_failed',
    what: 'The work could not be checked out for its review',
    timeoutMs: 30 * 60_000,
  })
}
