import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { SessionFailed } from '../failures.ts'
import { type FileLock, lockFile } from '../file-lock.ts'
import { remoteOf } from '../git/forge-remote.ts'
import { git, GitFailed, gitMaybe, gitText } from '../git/git.ts'
import type { Run } from '../run/run.ts'
import { findRepository, type Repository } from './repository.ts'

/**
 * A bare copy of a repository's branches and tags, shared by all sessions on it. Only what came from
 * the forge is ever in it. Boxes see it read-only and borrow its objects, so none is thrown away.
 */
export interface Mirror {
  dir: string
}

/**
 * Makes the mirror's folder if there is none yet. It is readable by all, for the boxes' user; the
 * data folder above it is not.
 */
export async function openMirror(run: Run): Promise<Mirror> {
  const folder = join(run.context.dataDir, 'mirrors')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const dir = join(folder, `${run.lease.task.repository_id}.git`)
  if ((await exists(join(dir, 'objects'))) && !(await exists(`${dir}.busy`))) return { dir }
  await whileLocked(run, dir, async (lock) => {
    const options = { signal: run.signal, lock }
    await git(['init', '--quiet', '--bare', '--template=', '--shared=0644', dir], options)
  })
  return { dir }
}

/**
 * Brings the mirror up to the forge's branches and tags, one runner at a time.
 *
 * @throws SessionFailed fetch_failed with what git said; credential_refused
 */
export async function fetchMirror(run: Run, mirror: Mirror, repository: Repository): Promise<void> {
  const remote = await remoteOf(run.forge, repository.full_name, run.signal)
  try {
    await whileLocked(run, mirror.dir, async (lock) => {
      const options = { gitDir: mirror.dir, signal: run.signal, lock }
      const flags = [
        '--quiet',
        '--prune',
        '--force',
        '--no-auto-maintenance',
        '--no-write-fetch-head',
      ]
      const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
      const config = remote.config
      await git(['fetch', ...flags, remote.url, ...refs], {
        ...options,
        config,
        timeoutMs: 3_600_000,
      })
      const head = `refs/heads/${repository.default_branch}`
      await git(['symbolic-ref', 'HEAD', head], options)
    })
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error
    // A token that was refused is told as such: git only says that it did not get in.
    await findRepository(run)
    const message = `The repository ${repository.full_name} could not be fetched: ${error.stderr || 'git gave no reason'}`
    throw new SessionFailed('fetch_failed', message, error)
  }
}

/** The commit at the tip of a branch, as last fetched. */
export async function branchTip(
  run: Run,
  mirror: Mirror,
  branch: string,
): Promise<string | undefined> {
  const ref = `refs/heads/${branch}^{commit}`
  const options = { gitDir: mirror.dir, signal: run.signal }
  return await gitMaybe(['rev-parse', '--quiet', '--verify', '--end-of-options', ref], options)
}

/** The tips of the branches changed last. More than these help nobody to keep a result small. */
const mostTips = 500

export async function branchTips(run: Run, mirror: Mirror): Promise<string[]> {
  const options = { gitDir: mirror.dir, signal: run.signal }
  const order = ['--sort=-committerdate', `--count=${mostTips}`, '--format=%(objectname)']
  const tips = await gitText(['for-each-ref', ...order, 'refs/heads'], options)
  return [...new Set(tips.split('\n').filter((tip) => tip !== ''))]
}

/**
 * Works on the mirror with no other runner at it. Whoever was killed at work left a mark, and maybe
 * locks of git's own: with the mirror locked, those are nobody's.
 */
async function whileLocked(
  run: Run,
  dir: string,
  work: (lock: FileLock) => Promise<void>,
): Promise<void> {
  const lock = await lockFile(`${dir}.lock`, { signal: run.signal })
  // Without a limit of time, only a removed file would be undefined, and nobody removes this one.
  if (lock === undefined) throw new Error(`the lock of ${dir} was removed`)
  await using _ = lock
  const mark = `${dir}.busy`
  // Whoever was killed may not have come to making the mirror.
  if ((await exists(mark)) && (await exists(dir))) await removeLocks(dir)
  await writeFile(mark, '')
  await work(lock)
  await rm(mark, { force: true })
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

async function removeLocks(dir: string): Promise<void> {
  const objects = join(dir, 'objects')
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    // No ref's name ends so; one may well begin with tmp_, which only among the objects is git's own.
    const isLock = entry.name.endsWith('.lock')
    const isHalfObject = entry.parentPath.startsWith(objects) && /^(tmp_|\.tmp-)/.test(entry.name)
    if (entry.isFile() && (isLock || isHalfObject)) {
      await rm(join(entry.parentPath, entry.name), { force: true })
    }
  }
}
