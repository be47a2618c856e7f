import { setTimeout as delay } from 'node:timers/promises'

import { recordArtifact, setHeadRef } from '@errand/core'

import { SessionFailed } from '../failures.ts'
import { remoteOf } from '../git/forge-remote.ts'
import { git, GitFailed, gitMaybe, gitText } from '../git/git.ts'
import { findRepository, type Repository } from '../mirror/repository.ts'
import { printable } from '../printable.ts'
import { isOfSession } from './commit-message.ts'
import type { Result } from '../result/collect-result.ts'
import type { Run } from '../run/run.ts'
import type { Checkout } from '../workspace/check-out.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'

/**
 * Pushes the result. The branch's name is stored first, so that whoever runs the task again pushes to
 * the same. It is only ever moved forward, and only from the commit the work was based on
 * (`--force-with-lease`): of two runners at it, one wins, and the other keeps to what that one pushed.
 * Gives the commit the branch has then.
 *
 * @throws SessionFailed push_refused, branch_moved, credential_refused
 */
export async function pushBranch(
  run: Run,
  parts: { repository: Repository; branch: WorkBranch; checkout: Checkout; result: Result },
): Promise<string> {
  const { branch } = parts
  await run.say(`Pushing to ${branch.name}`)
  await setHeadRef(run.context.store, run.lease, branch.name)
  return await push(run, parts)
}

/** Tells of a branch that is pushed. */
export async function recordBranch(
  run: Run,
  branch: WorkBranch,
  pushed: { commit: string; filesChanged: number; isUnfinished?: boolean },
): Promise<void> {
  run.signal.throwIfAborted()
  const refs = { head_ref: branch.name, base_ref: branch.base }
  await recordArtifact(run.context.store, run.lease, {
    provider: 'github',
    type: 'branch',
    data: refs,
  })
  const { commit, filesChanged: files_changed, isUnfinished = false } = pushed
  const data = {
    ...refs,
    commit,
    files_changed,
    ...(isUnfinished && { unfinished: true as const }),
  }
  await run.record({ type: 'artifact.branch', data })
}

type PushParts = Parameters<typeof pushBranch>[1]

const pausesMs = [500, 2000]

/** Sent again when it failed and the branch is where it was: a refusal is then heard again. */
async function push(run: Run, parts: PushParts): Promise<string> {
  const { repository, branch, checkout, result } = parts
  const remote = await remoteOf(run.forge, repository.full_name, run.signal)
  const ref = `refs/heads/${branch.name}`
  const options = { gitDir: result.gitDir, signal: run.signal, config: remote.config }
  const lease = `--force-with-lease=${ref}:${checkout.headCommit ?? ''}`
  const command = ['push', '--quiet', '--no-verify', '--no-follow-tags', lease, remote.url]
  for (let attempt = 0; ; attempt += 1) {
    run.signal.throwIfAborted()
    try {
      await git([...command, `${result.commit}:${ref}`], options)
      return result.commit
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error
      const tip = await remoteTip(remote.url, ref, options)
      // It got there after all, and only the answer was lost.
      if (tip === result.commit) return tip
      if (tip !== undefined && tip !== (checkout.headCommit ?? '')) {
        if (await isOurs(run, remote.url, tip, options)) return tip
        const message = `The branch ${branch.name} of ${repository.full_name} has moved since the session started from it, so nothing was pushed.`
        throw new SessionFailed('branch_moved', message, error)
      }
      const pauseMs = pausesMs[attempt]
      if (pauseMs === undefined) {
        // A token that was refused is told as such: git only says that it did not get in.
        await findRepository(run)
        throw refusal(repository, branch, error)
      }
      await delay(pauseMs, undefined, { signal: run.signal }).catch(() => undefined)
    }
  }
}

/** Empty when the branch does not exist, undefined when the forge does not say. */
async function remoteTip(
  url: string,
  ref: string,
  options: Parameters<typeof git>[1],
): Promise<string | undefined> {
  try {
    const line = await gitText(['ls-remote', '--refs', url, ref], options)
    return line.split('\t')[0] ?? ''
  } catch (error) {
    if (error instanceof GitFailed) return undefined
    throw error
  }
}

/** Whether an earlier attempt at this session pushed a commit, and it arrived after it was looked for. */
async function isOurs(
  run: Run,
  url: string,
  commit: string,
  options: Parameters<typeof git>[1],
): Promise<boolean> {
  if (commit === '') return false
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', url, commit]
  if ((await gitMaybe(fetch, options)) === undefined) return false
  const message = await gitText(['show', '--no-patch', '--format=%B', commit], options)
  return isOfSession(message, run.lease.session.id)
}

function refusal(repository: Repository, branch: WorkBranch, error: GitFailed): SessionFailed {
  const said = printable(error.stderr).trim() || 'git gave no reason'
  const message = `The forge refused the push to ${branch.name} in ${repository.full_name}: ${said}`
  return new SessionFailed('push_refused', message, error)
}
