import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { requireWithinLimits } from '../../agent/exit.ts'
import { type Box, boxPaths } from '../../box/index.ts'
import { diskFloorBytes, readRoom } from '../../box/disk-guard.ts'
import { measureDisk } from '../../box/disk-usage.ts'
import { hasCode } from '../../error-code.ts'
import type { Run } from '../../run/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { HandedOn } from '../handed-on.ts'
import type { Tree } from '../read-tree.ts'
import { claimLayer, type LayerClaim } from './claim-layer.ts'
import { holdsSecret } from './find-secrets.ts'
import { type About, storeLayer } from './layer-store.ts'

export interface Kept {
  key: string
  /** Absent where another session had it as the steps began. */
  claim: LayerClaim | undefined
  tree: Tree
  handedOn: HandedOn
  steps: number
  /** Values that must not be kept. */
  secrets: readonly string[]
}

const mib = 1024 * 1024
/** More than these are no side effect of installing something. */
const mostChanged = 1000

/**
 * Keeps what the steps have left in the checkout and the home for the next session with the same key. It is
 * packed inside the box; here it is bytes. A sentence says why nothing was kept; that is no failure.
 *
 * @throws SessionFailed where the box went over a limit
 */
export async function keepLayer(
  run: Run,
  box: Box,
  workspace: Workspace,
  kept: Kept,
): Promise<string | undefined> {
  if (!(await hasRoom(run, workspace))) return 'there is too little room to pack them'
  const name = `.errand-${randomBytes(9).toString('hex')}.tar`
  const path = join(workspace.homeDir, name)
  try {
    const packed = await pack(run, box, name, kept)
    if (typeof packed === 'string') return packed
    const archive = await openRegular(path)
    if (archive === undefined) return 'they could not be packed'
    await using _ = archive
    return await store(run, archive, kept, packed.changed)
  } finally {
    await rm(path, { force: true })
  }
}

async function store(
  run: Run,
  archive: FileHandle,
  { key, claim: given, handedOn, steps, secrets }: Kept,
  changed: About['changed'],
): Promise<string | undefined> {
  if ((await archive.stat()).size > limitBytes(run)) return tooLarge(run)
  const { variables, paths } = handedOn
  const about: About = { created_at: new Date().toISOString(), steps, variables, paths, changed }
  const read = () => archive.createReadStream({ start: 0, autoClose: false, highWaterMark: mib })
  const told = [Buffer.from(JSON.stringify(about))]
  if ((await holdsSecret(told, secrets)) || (await holdsSecret(read(), secrets))) {
    return 'the value of a secret is in them'
  }
  await using own =
    given === undefined ? await claimLayer(run.context.dataDir, key, run.signal) : undefined
  const claim = given ?? own
  // Another session is at it: what it keeps is as good.
  if (claim !== undefined) await storeLayer(run.context, claim, { about, archive: read() })
  return undefined
}

function limitBytes(run: Run): number {
  const { sandbox, setup_steps: steps } = run.context.settings
  return Math.min(sandbox.file_size_mb, steps.cache_mb) * mib
}

function tooLarge(run: Run): string {
  return `they take more than ${limitBytes(run) / mib} MB, or could not be packed`
}

/** The archive lies beside what it is made of for a while; the guard of the disk would end the box for it. */
async function hasRoom(run: Run, { workspaceDir, homeDir }: Workspace): Promise<boolean> {
  const limit = (run.context.settings.sandbox.workspace_mb * mib * 0.9) / 2
  const used = await measureDisk(workspaceDir, limit, run.signal)
  const more = await measureDisk(homeDir, limit, run.signal)
  const { freeBytes: free } = await readRoom(workspaceDir)
  return used + more < limit && free - 2 * (used + more) > diskFloorBytes
}

/** What is in the home may be anything the steps made of it: a link, a pipe, a device. */
async function openRegular(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    const file = await open(path, flags)
    if ((await file.stat()).isFile()) return file
    await file.close()
    return undefined
  } catch (error) {
    if (['ELOOP', 'ENOENT', 'ENXIO', 'EACCES'].some((code) => hasCode(error, code)))
      return undefined
    throw error
  }
}

/**
 * Packs what git does not have, what the steps changed, and the home. Names of files that changed are printed.
 * Arguments: the archive, its name, the commit the checkout is of, the most bytes.
 *
 * What is sure to be the same in each clone stays out; of git's own folder only what steps set up is in it.
 */
const packScript = `
set -eu
list=/tmp/errand-list
git update-index -q --refresh > /dev/null || :
git ls-files --others -z | sed -z 's,^,workspace/,' > $list
git diff-index --name-only --diff-filter=d -z "$3" -- | sed -z 's,^,workspace/,' >> $list
for each in config hooks info; do
  [ ! -e ".git/$each" ] || printf 'workspace/.git/%s\\0' "$each" >> $list
done
(cd "$HOME" && find . -mindepth 1 -maxdepth 1 ! -name "$2" -print0) |
  sed -z "s,^\\.,\${HOME#/}," >> $list
git diff-index --name-only -z "$3" --
{
  tar --create --file - --directory / --null --files-from $list || : > /tmp/errand-failed
} | head -c "$4" > "$1"
[ ! -e /tmp/errand-failed ]`

async function pack(
  run: Run,
  box: Box,
  name: string,
  kept: Kept,
): Promise<{ changed: About['changed'] } | string> {
  const { commit, blobs } = kept.tree
  const file = `${boxPaths.home}/${name}`
  const args = [file, name, commit, String(limitBytes(run) + 1)]
  const result = await box.run('sh', ['-c', packScript, 'pack', ...args], {
    timeoutMs: 10 * 60_000,
    maxOutputBytes: mib,
  })
  run.signal.throwIfAborted()
  if (result.reason === 'wall_clock') return 'packing them took too long'
  requireWithinLimits(result, run.context.settings.sandbox)
  const paths = result.stdout.toString('utf8').split('\0').filter(Boolean)
  if (result.truncated || paths.length > mostChanged)
    return 'they changed too many files of the repository'
  // Cut off by the limit, tar has nobody to write to.
  if (result.code !== 0) return tooLarge(run)
  return { changed: Object.fromEntries(paths.map((path) => [path, blobs.get(path) ?? ''])) }
}

/**
 * Stays the same while nothing of git's own folder changes but what a layer holds, and what a look at the
 * checkout changes: commits and branches of the steps are in no layer.
 */
export async function gitState(run: Run, box: Box): Promise<string> {
  const result = await box.run('sh', ['-c', stateScript], {
    timeoutMs: 60_000,
    maxOutputBytes: 256,
  })
  run.signal.throwIfAborted()
  requireWithinLimits(result, run.context.settings.sandbox)
  return result.code === 0 ? result.stdout.toString('utf8') : ''
}

const stateScript = `
cd .git
find . -type f ! -path './objects/*' ! -path './hooks/*' ! -path './info/*' ! -path './logs/*' \\
  ! -name index ! -path ./config ! -name FETCH_HEAD ! -name ORIG_HEAD -print0 |
  sort -z | xargs -0 sha256sum | sha256sum`
