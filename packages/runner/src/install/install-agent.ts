import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { AgentEntry } from '@errand/contract'

import { measureDisk } from '../box/disk-usage.ts'
import { lockFile } from '../file-lock.ts'
import { removeTree } from '../workspace/remove-tree.ts'
import { installBinary } from './install-binary.ts'
import { type InstallOptions, type Program, unavailable } from './install-options.ts'
import { installPackage } from './install-package.ts'
import {
  agentFolder,
  findInstalled,
  type InstalledFile,
  installedFileName,
  installedVersion,
} from './installed.ts'

const progressMs = 1000

/**
 * Installs an agent at its version, unless it is there. Nothing of it is run: packages come without
 * their scripts, and each file is checked by the sum that was recorded for it. It is made in a folder
 * beside its place and renamed when it is whole, under a lock: it is there or it is not, also after a
 * crash, and two who want it install it once.
 *
 * @throws ErrandError unavailable, with what to do
 */
export async function installAgent(
  options: InstallOptions,
  name: string,
  entry: AgentEntry,
): Promise<NonNullable<Awaited<ReturnType<typeof findInstalled>>>> {
  const { dataDir, signal } = options
  const version = installedVersion(entry)
  if (version === undefined) {
    throw unavailable(`The agent ${name} has no distribution: it is installed by hand.`)
  }
  const place = agentFolder(dataDir, name)
  await mkdir(place, { recursive: true, mode: 0o755 })
  const lock = await lockFile(join(place, 'lock'), { signal })
  if (lock === undefined) throw unavailable(`The folder ${place} was removed as it was made.`)
  await using _ = lock
  const before = await findInstalled(dataDir, name, entry)
  if (before !== undefined) return before
  await removeUnfinished(place)
  const folder = join(place, `.unfinished-${randomBytes(4).toString('hex')}`)
  await mkdir(folder)
  // The box's user reads it, whatever the umask of this process.
  await chmod(folder, 0o755)
  try {
    const program = await watched(options, folder, () => put(options, name, entry, folder))
    await requireProgram(name, folder, program.command)
    const sizeBytes = await measureDisk(folder, Number.POSITIVE_INFINITY, signal)
    const file = { version, ...program, size_bytes: sizeBytes } satisfies InstalledFile
    await writeFile(join(folder, installedFileName), JSON.stringify(file, null, 2))
    await rename(folder, join(place, version))
  } finally {
    await removeTree(folder)
  }
  const installed = await findInstalled(dataDir, name, entry)
  if (installed === undefined) throw unavailable(`The agent ${name} was removed as it was made.`)
  return installed
}

async function put(
  options: InstallOptions,
  name: string,
  entry: AgentEntry,
  folder: string,
): Promise<Program> {
  const { npx } = entry.distribution ?? {}
  const program =
    npx === undefined
      ? await installBinary(options, name, entry, folder)
      : await installPackage(options, name, npx, folder)
  return entry.command === undefined ? program : { ...program, command: entry.command }
}

async function watched<T>(
  { onProgress, signal }: InstallOptions,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  if (onProgress === undefined) return await work()
  let isMeasuring = false
  const timer = setInterval(() => {
    if (isMeasuring) return
    isMeasuring = true
    measureDisk(folder, Number.POSITIVE_INFINITY, signal)
      .then(onProgress, () => undefined)
      .finally(() => (isMeasuring = false))
  }, progressMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** Left by an installation that was killed: we have the lock, so nobody is at it any more. */
async function removeUnfinished(place: string): Promise<void> {
  const names = (await readdir(place)).filter((name) => name.startsWith('.unfinished-'))
  for (const name of names) await removeTree(join(place, name))
}

async function requireProgram(name: string, folder: string, command: string): Promise<void> {
  try {
    await access(join(folder, command), constants.X_OK)
  } catch (cause) {
    throw unavailable(
      `The agent ${name} has no program ${command} for this machine (linux on ${process.arch}).`,
      cause,
    )
  }
}
