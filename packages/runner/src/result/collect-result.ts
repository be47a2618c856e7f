import type { Box } from '../box/index.ts'
import { changesBetween, newGitlinks } from '../git/raw-diff.ts'
import type { Mirror } from '../mirror/mirror.ts'
import { botOf, requesterOf } from '../publish/authors.ts'
import { composeMessage, logsTrailer } from '../publish/commit-message.ts'
import type { Run } from '../run/run.ts'
import { sessionUrlOf } from '../publish/session-url.ts'
import type { Checkout } from '../workspace/check-out.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { Repository } from '../mirror/repository.ts'
import { gatherInside } from './gather-inside.ts'
import { importBundle, type Quarantine, refusedByGit } from './import-bundle.ts'
import { hasSameFiles, signCommits, type Signing } from './sign-commits.ts'
import { refused, takeBundle } from './take-bundle.ts'

/** What is to be published: a checked commit in a repository no agent can reach. */
export interface Result {
  gitDir: string
  commit: string
  filesChanged: number
}

/**
 * Gets the agent's work out of the box. Nothing of the agent may run any more. Undefined if there is
 * nothing new.
 *
 * @throws SessionFailed result_refused
 */
export async function collectResult(
  run: Run,
  box: Box,
  parts: {
    workspace: Workspace
    mirror: Mirror
    repository: Repository
    checkout: Checkout
    summary: { title: string; body: string }
    /** Whether the agent's commits become one: an earlier one may have what must not be pushed. */
    isOneCommit?: boolean
  },
): Promise<Result | undefined> {
  const { workspace, mirror, repository, checkout, summary, isOneCommit = false } = parts
  await run.say('Collecting the result')
  const requester = requesterOf(run.lease.session, run.context.forge.webUrl)
  const trailers = [
    logsTrailer(sessionUrlOf(run, repository)),
    `Co-authored-by: ${requester.name} <${requester.email}>`,
  ]
  const message = composeMessage(`${summary.title}\n\n${summary.body}`, trailers, run.mask.text)
  const gathered = await gatherInside(run, box, checkout, message)
  if (gathered === undefined) return undefined
  const bundle = await takeBundle(workspace.homeDir, gathered.bundleName, workspace.dir)
  const quarantine = await importBundle(run, { dir: workspace.dir, mirror, checkout, bundle })
  const signing = { bot: botOf(run.context.forge.webUrl), trailers, message, isOneCommit }
  try {
    return await makeResult(run, { quarantine, checkout, signing })
  } catch (error) {
    // Its messages and trees may be larger than is read of them.
    throw refusedByGit(error)
  }
}

async function makeResult(
  run: Run,
  parts: { quarantine: Quarantine; checkout: Checkout; signing: Signing },
): Promise<Result | undefined> {
  const { quarantine, checkout, signing } = parts
  if (await hasSameFiles(run, quarantine, checkout.startCommit)) return undefined
  const commit = await signCommits(run, quarantine, checkout, signing)
  const { gitDir } = quarantine
  const objects = { gitDir, signal: run.signal }
  const changes = await changesBetween(objects, checkout.startCommit, commit)
  const [nested] = newGitlinks(changes)
  if (nested !== undefined) throw refused(`${nested} is a repository within the repository`)
  return { gitDir, commit, filesChanged: changes.length }
}
