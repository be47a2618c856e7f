import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  type Dir,
  type Dirent,
  lstatSync,
  openSync,
  opendirSync,
} from 'node:fs'
import { setImmediate as yieldToOthers } from 'node:timers/promises'

/** How long a walk may keep the event loop before it lets others work. */
const sliceMs = 4
/** Deeper trees count as too large: an open folder is held for each level. */
const maxDepth = 512
/** What an entry takes at least: its inode and its name cost the disk even if the file is empty. */
const entryBytes = 4096

const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * For a walk whose length others decide: each step asks it, and waits where it gives something to wait for.
 * That rejects when the walk is given up.
 */
export function createPauses(signal: AbortSignal): () => Promise<void> | undefined {
  let sliceEnd = performance.now() + sliceMs
  async function pause(): Promise<void> {
    await yieldToOthers()
    signal.throwIfAborted()
    sliceEnd = performance.now() + sliceMs
  }
  return () => (performance.now() > sliceEnd ? pause() : undefined)
}

interface Level {
  fd: number
  entries: Dir
}

/** Bytes on disk under `folder`. Stops early and returns Infinity once above `stopAboveBytes`. */
export async function measureDisk(
  folder: string,
  stopAboveBytes: number,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  const isWhole = await walkTree(folder, signal, (path) => {
    bytes += entrySize(path)
    return bytes > stopAboveBytes ? 'stop' : 'on'
  })
  return isWhole ? bytes : Infinity
}

/**
 * Stays the same while no file under `folder` changes: of names, sizes and times, git's own folders left out, which a
 * `git status` already changes. Undefined for a tree that is too deep.
 */
export async function fingerprintFiles(
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash('sha256')
  const isWhole = await walkTree(folder, signal, (path, entry) => {
    if (entry.name === '.git') return 'skip'
    const { mode, size, mtimeMs, ctimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? {}
    hash.update(JSON.stringify([entry.name, mode, size, mtimeMs, ctimeMs]))
    return 'on'
  })
  return isWhole ? hash.digest('base64') : undefined
}

/**
 * Visits everything under `folder`. False where a visit stopped it, or the tree is too deep.
 *
 * The tree is hostile and changes while it is walked. Each folder is opened through its parent's file
 * descriptor and never through a link, so that a folder swapped for a link leads nowhere; what
 * vanishes is skipped.
 */
async function walkTree(
  folder: string,
  signal: AbortSignal,
  visit: (path: string, entry: Dirent) => 'on' | 'skip' | 'stop',
): Promise<boolean> {
  const levels: Level[] = []
  const pause = createPauses(signal)
  try {
    descend(levels, folder)
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const paused = pause()
      if (paused !== undefined) await paused
      const entry = readEntry(level.entries)
      if (entry === undefined) {
        leave(levels)
        continue
      }
      const path = `/proc/self/fd/${level.fd}/${entry.name}`
      const next = visit(path, entry)
      if (next === 'stop' || levels.length > maxDepth) return false
      if (next === 'on' && entry.isDirectory()) descend(levels, path)
    }
    return true
  } finally {
    while (levels.length > 0) leave(levels)
  }
}

function descend(levels: Level[], path: string): void {
  let fd: number
  try {
    fd = openSync(path, openFolder)
  } catch {
    return // gone, no folder any more, or closed to us: then it was closed by the box to itself as well
  }
  levels.push({ fd, entries: opendirSync(`/proc/self/fd/${fd}`) })
}

function leave(levels: Level[]): void {
  const level = levels.pop()
  level?.entries.closeSync()
  if (level !== undefined) closeSync(level.fd)
}

function readEntry(entries: Dir): Dirent | undefined {
  try {
    return entries.readSync() ?? undefined
  } catch {
    return undefined // the folder was removed under our hands
  }
}

/** A file with several names counts a part under each; all of them are in the tree. */
function entrySize(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  return Math.max((stat.blocks * 512) / stat.nlink, entryBytes)
}
