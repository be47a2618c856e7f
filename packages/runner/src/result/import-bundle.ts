import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { git, GitFailed, gitText } from '../git/git.ts'
import type { Mirror } from '../mirror/mirror.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import type { Checkout } from '../workspace/check-out.ts'
import { resultRef } from './bundle-header.ts'
import { refused, resultLimitBytes, type TakenBundle } from './take-bundle.ts'

/**
 * A bare repository of this session alone that holds the checked result and borrows everything else
 * from the mirror. What an agent made never gets into the mirror, which other sessions see.
 */
export interface Quarantine {
  gitDir: string
  /** The commit the agent left, checked. */
  commit: string
}

/** Refs to what the forge has: what they reach is not the agent's. */
export const upstreamRefs = 'refs/errand/upstream'

/**
 * A pack of a few kilobytes may unfold to gigabytes, or to millions of objects: whoever unfolds it
 * runs under limits of its own.
 */
const limits = ['--data=2147483648', `--fsize=${2 * resultLimitBytes}`, '--cpu=600']

/**
 * Unpacks the bundle, with every object checked (fsck): no path may lead out of the checkout or into
 * `.git`, no submodule may be a trap. Then that nothing is missing.
 *
 * @throws SessionFailed result_refused
 */
export async function importBundle(
  run: Run,
  parts: { dir: string; mirror: Mirror; checkout: Checkout; bundle: TakenBundle },
): Promise<Quarantine> {
  const { dir, mirror, checkout, bundle } = parts
  const gitDir = join(dir, 'result.git')
  const options = { gitDir, signal: run.signal }
  await rm(gitDir, { recursive: true, force: true })
  await git(['init', '--quiet', '--bare', '--template=', gitDir], { signal: run.signal })
  await writeFile(join(gitDir, 'objects/info/alternates'), `${join(mirror.dir, 'objects')}\n`)
  const known = new Set([checkout.startCommit, ...checkout.upstreamTips])
  const refs = [...known].map((tip, at) => `create ${upstreamRefs}/${at} ${tip}\n`).join('')
  await git(['update-ref', '--stdin'], { ...options, input: refs })
  try {
    await unpack(bundle, options)
    const name = `${bundle.commit}^{commit}`
    const commit = await gitText(['rev-parse', '--verify', '--quiet', name], options)
    await git(['update-ref', resultRef, commit], options)
    const reach = ['--objects', '--quiet', resultRef, '--not', `--glob=${upstreamRefs}/*`]
    await git(['rev-list', ...reach], { ...options, under: ['prlimit', ...limits, '--'] })
    return { gitDir, commit }
  } catch (error) {
    throw refusedByGit(error)
  }
}

/** What git says of the agent's commits, as a refusal; any other error as it is. */
export function refusedByGit(error: unknown): unknown {
  if (!(error instanceof GitFailed)) return error
  const said = printable(error.stderr).split('\n').slice(-5).join(' ')
  const reason = said || 'no reason given'
  return refused(`git does not accept what the agent committed (${reason})`, error)
}

async function unpack(
  { packPath }: TakenBundle,
  options: { gitDir: string; signal: AbortSignal },
): Promise<void> {
  await using pack = await open(packPath, 'r')
  const checks = ['--strict', '--fix-thin', `--max-input-size=${resultLimitBytes}`, '--threads=1']
  await git(['index-pack', '--stdin', ...checks], {
    ...options,
    inputFile: pack,
    // Files over this size are looked through in pieces instead of being held in memory.
    config: [['core.bigFileThreshold', '16m']],
    under: ['prlimit', ...limits, '--'],
  })
}
