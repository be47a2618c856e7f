import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { type Box, boxPaths } from '../box/index.ts'
import { SessionFailed } from '../failures.ts'
import { branchTip, branchTips, fetchMirror, type Mirror } from '../mirror/mirror.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'
import { findPutAside, PutAside } from '../steering/put-aside.ts'
import { putAsideInside } from '../steering/put-aside-inside.ts'
import { trustedCommit } from '../steering/trusted-commit.ts'
import { runInBox } from './run-in-box.ts'
import type { WorkBranch } from './work-branch.ts'
import type { Workspace } from './workspace.ts'

/** What the agent starts from. Noted beside the workspace, for who goes on with it later. */
const Checkout = z.object({
  /** The commit the work stands on, as the forge had it. */
  startCommit: z.string(),
  /** The tips of the forge's branches at that time: what they reach is not the agent's work. */
  upstreamTips: z.array(z.string()),
  /** The tip the branch had on the forge; absent when it is still to be made. */
  headCommit: z.string().exactOptional(),
  /** Where what steers agents is read. */
  steeringCommit: z.string(),
  /** What is so read and is another on the branch: the workspace has the trusted version. */
  putAside: z.array(PutAside).default([]),
})
export type Checkout = z.infer<typeof Checkout>

/**
 * Clones the repository into the workspace. The clone is made inside the box, from the mirror it sees
 * read-only: git never runs on a workspace outside, the files have their owner from the start, and the
 * objects are borrowed, not copied (50,000 files take about two seconds).
 *
 * @throws SessionFailed branch_gone, fetch_failed, workspace_failed
 */
export async function checkOut(
  run: Run,
  box: Box,
  parts: { workspace: Workspace; mirror: Mirror; repository: Repository; branch: WorkBranch },
): Promise<Checkout> {
  const { workspace, mirror, repository, branch } = parts
  const noteFile = join(workspace.dir, 'checkout.json')
  // Put away and opened again: the agent's work so far is in there.
  if (workspace.isReopened) {
    // A note of an earlier version says nothing of it.
    const steeringCommit = await trustedCommit(run, mirror, branch)
    const noted = JSON.parse(await readFile(noteFile, 'utf8')) as object
    return Checkout.parse({ steeringCommit, ...noted })
  }
  await run.say('Cloning')
  await fetchMirror(run, mirror, repository)
  const headCommit = await branchTip(run, mirror, branch.name)
  if (headCommit === undefined && branch.isGiven) throw gone(branch.name, repository)
  const startCommit = headCommit ?? (await branchTip(run, mirror, branch.base))
  if (startCommit === undefined) throw gone(branch.base, repository)
  const steeringCommit = await trustedCommit(run, mirror, branch)
  if (steeringCommit === undefined) throw gone(branch.base, repository)
  await cloneInside(run, box, branch.name, startCommit)
  const putAside = await findPutAside(run, mirror, { trusted: steeringCommit, own: startCommit })
  await putAsideInside(run, box, putAside, branch.base)
  await run.record({
    type: 'session.workspace',
    data: {
      base_ref: branch.base,
      head_ref: branch.name,
      commit: startCommit,
      steering_commit: steeringCommit,
    },
  })
  const upstreamTips = await branchTips(run, mirror)
  const known = headCommit === undefined ? {} : { headCommit }
  const checkout = { startCommit, upstreamTips, ...known, steeringCommit, putAside }
  await writeFile(noteFile, JSON.stringify(checkout))
  return checkout
}

function gone(branch: string, repository: Repository): SessionFailed {
  const message = `The branch ${branch} does not exist (any more) in ${repository.full_name}.`
  return new SessionFailed('branch_gone', message)
}

/** Arguments: the mirror, the branch to work on, the commit it starts from. */
const script = `
set -eu
git config --global --replace-all safe.directory "$1"
git clone --quiet --shared --no-checkout --template= "$1" .
git checkout --quiet -B "$2" "$3" --no-track
`

async function cloneInside(run: Run, box: Box, branchName: string, commit: string): Promise<void> {
  const args = ['-c', script, 'clone', boxPaths.mirror, branchName, commit]
  await runInBox(run, box, ['sh', ...args], {
    failure: 'workspace_failed',
    what: 'The repository could not be checked out in the workspace',
    timeoutMs: 30 * 60_000,
  })
}
