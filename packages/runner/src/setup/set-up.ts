import type { SessionValues } from '@errand/core'

import type { Box } from '../box/index.ts'
import { gitMaybe } from '../git/git.ts'
import { branchTip, type Mirror } from '../mirror/mirror.ts'
import type { Repository } from '../mirror/repository.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import type { SessionFirewall } from '../session-firewall.ts'
import type { Checkout } from '../workspace/check-out.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { claimLayer, isClaimed, type LayerClaim, waitForClaim } from './cache/claim-layer.ts'
import { gitState, keepLayer } from './cache/keep-layer.ts'
import { layerKey } from './cache/layer-key.ts'
import { layerSecret } from './cache/layer-store.ts'
import { restoreLayer } from './cache/restore-layer.ts'
import { agentEnvironmentOf, type HandedOn } from './handed-on.ts'
import { leaveOut } from './leave-out.ts'
import { readNote, writeNote } from './note.ts'
import { readFileAt, readTree, type Tree } from './read-tree.ts'
import { runSteps, type StepsEnd } from './run-steps.ts'
import { parseStepsFile, type SetupJob, stepsPath } from './steps-file.ts'

export interface SetUpParts {
  workspace: Workspace
  mirror: Mirror
  repository: Repository
  branch: WorkBranch
  firewall: SessionFirewall
  values: SessionValues
  checkout: Checkout
}

/** A file of steps is read by people; GitHub takes no larger one either. */
const longestFileBytes = 512 * 1024

/**
 * Prepares the box as the repository's `copilot-setup-steps.yml` says (behaviour.md 3.1), by running its steps or
 * by unpacking what they left the last time. Gives the environment that they set for the agent. Whatever goes
 * wrong with them is told, and the agent starts with what is there.
 *
 * @throws SessionFailed where the box went over a limit
 */
export async function setUp(
  run: Run,
  box: Box,
  parts: SetUpParts,
): Promise<Record<string, string>> {
  const { workspace, values } = parts
  if (workspace.isReopened) {
    const handedOn = await readNote(run, workspace)
    run.mask.hide([...values.secrets, ...handedOn.masks])
    return agentEnvironmentOf(handedOn)
  }
  const found = await findJob(run, parts)
  if (found === undefined) return {}
  const handedOn = await reachState(run, box, parts, found)
  await leaveOut(run, box)
  await writeNote(run, workspace, handedOn)
  return agentEnvironmentOf(handedOn)
}

/** What the default branch says: a branch that somebody else has written has no word in it. */
async function findJob(
  run: Run,
  { mirror, repository }: SetUpParts,
): Promise<{ text: string; job: SetupJob; defaultTip: string } | undefined> {
  const defaultTip = await branchTip(run, mirror, repository.default_branch)
  if (defaultTip === undefined) return undefined
  const place = { commit: defaultTip, path: stepsPath, limitBytes: longestFileBytes }
  const file = await readFileAt(run, mirror, place)
  if (file === undefined) return undefined
  if (!run.context.settings.setup_steps.enabled) {
    await run.say(`The setup steps of ${stepsPath} are not run: this runner has them switched off`)
    return undefined
  }
  const { text = '' } = file
  const read =
    file.text === undefined ? { problem: 'it is larger than 512 KB' } : parseStepsFile(text)
  if ('problem' in read) {
    const problem = printable(read.problem).slice(0, 1000)
    await run.say(
      `The setup steps are not run: ${stepsPath} on ${repository.default_branch} cannot be read: ${problem}`,
      'warning',
    )
    return undefined
  }
  for (const notice of read.notices) await run.say(notice, 'warning')
  return { text, job: read, defaultTip }
}

type Found = NonNullable<Awaited<ReturnType<typeof findJob>>>

/** The state after the steps, by whichever way is shorter. */
async function reachState(run: Run, box: Box, parts: SetUpParts, found: Found): Promise<HandedOn> {
  const tree = await readTree(run, parts.mirror, parts.checkout.startCommit)
  if (run.context.settings.setup_steps.cache_mb === 0) {
    return (await doSteps(run, box, { ...parts, tree }, found)).handedOn
  }
  const { text, job, defaultTip } = found
  const key = layerKey(await layerSecret(run.context), { ...parts, text, tree })
  const restored = await restoreLayer(run, box, key, tree)
  if (restored !== undefined) return restored
  const mayKeep = await isTrusted(run, parts, defaultTip)
  await using claim = await takeTurn(run, key, { mayKeep, minutes: job.timeoutMinutes })
  // Another session may have come to its end meanwhile.
  const left = await restoreLayer(run, box, key, tree)
  if (left !== undefined) return left
  const stepsParts = { ...parts, tree }
  if (!mayKeep) return (await doSteps(run, box, stepsParts, found)).handedOn
  return await doAndKeep(run, box, stepsParts, found, { key, claim })
}

/**
 * The claim to make what is kept under a key. Where another session has it, its end is waited for, for as long as
 * steps may take: what it leaves may do. Without that, whoever has waited goes on without the claim, and all at once.
 */
async function takeTurn(
  run: Run,
  key: string,
  { mayKeep, minutes }: { mayKeep: boolean; minutes: number },
): Promise<LayerClaim | undefined> {
  const { dataDir } = run.context
  const claim = mayKeep ? await claimLayer(dataDir, key, run.signal) : undefined
  if (claim !== undefined || !(await isClaimed(dataDir, key, run.signal))) return claim
  await run.say(
    `Another session runs the same setup steps: waiting for what they leave, for ${minutes} minutes at most`,
  )
  await waitForClaim(dataDir, key, { waitMs: minutes * 60_000, signal: run.signal })
  return undefined
}

type StepsParts = SetUpParts & { tree: Tree }

async function doSteps(run: Run, box: Box, parts: StepsParts, { job }: Found): Promise<StepsEnd> {
  await run.say('Running the setup steps')
  return await runSteps(run, box, job, parts)
}

async function doAndKeep(
  run: Run,
  box: Box,
  parts: StepsParts,
  found: Found,
  { key, claim }: { key: string; claim: LayerClaim | undefined },
): Promise<HandedOn> {
  const { workspace, values, tree } = parts
  const before = await gitState(run, box)
  const { handedOn, haveSucceeded } = await doSteps(run, box, parts, found)
  if (!haveSucceeded) return handedOn
  const steps = found.job.steps.length
  const secrets = [...values.secrets, ...handedOn.masks]
  const why =
    before === (await gitState(run, box))
      ? await keepLayer(run, box, workspace, { key, claim, tree, handedOn, steps, secrets })
      : 'they have made commits or branches'
  if (why !== undefined) {
    await run.say(`The results of the setup steps are not kept for the next session: ${why}.`)
  }
  return handedOn
}

/**
 * Whether what the steps leave may be given to other sessions. What they run of a checkout, an author of it
 * decides: so only one that is on the default branch will do, in a home that no agent had before. Nor will one in
 * which files that steer agents stand for the branch's own: another checkout has its own.
 */
async function isTrusted(
  run: Run,
  { mirror, checkout, workspace }: SetUpParts,
  defaultTip: string,
): Promise<boolean> {
  if (workspace.conversationId !== undefined || checkout.putAside.length > 0) return false
  const options = { gitDir: mirror.dir, signal: run.signal }
  const asked = ['merge-base', '--is-ancestor', checkout.startCommit, defaultTip]
  return (await gitMaybe(asked, options)) !== undefined
}
