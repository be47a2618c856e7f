import { readdirSync, type Stats, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

import { createPauses, measureDisk } from './disk-usage.ts'
import { listTree } from './process-table.ts'

const mib = 1024 * 1024
/** How often the file system is asked for its free space, which costs nothing. */
const intervalMs = 500
/** The share of the time a walk of the tree may take: as a rule, and while space vanishes. */
const walkShare = { calm: 1 / 20, alarmed: 1 / 4 } as const
const calmIntervalMs = 5000

export interface DiskGuardOptions {
  folders: readonly string[]
  limitBytes: number
  /** Roots of the process trees that may hold deleted files open. */
  roots: () => ReadonlySet<number>
  /** Called once; the guard has then stopped. */
  onExceeded: (found: { usedBytes: number; freeBytes: number; freeFiles: number }) => void
  /** What the guard could not look at; it goes on. */
  onError: (error: unknown) => void
  signal: AbortSignal
}

/**
 * Watches what the workspace and the home take on disk, until aborted or exceeded. The tree is walked
 * when the free space of its file system has shrunk enough to matter, and now and then in any case.
 */
export async function guardDisk(options: DiskGuardOptions): Promise<void> {
  const { folders, limitBytes, signal } = options
  let usedBytes = 0
  let freeAtWalk = Infinity
  let walkedAt = -Infinity
  let walkMs = 0
  while (!signal.aborted) {
    try {
      const rooms = await Promise.all(folders.map(readRoom))
      const freeBytes = Math.min(...rooms.map((room) => room.freeBytes))
      const isAlarming = freeAtWalk - freeBytes > (limitBytes - usedBytes) / 4
      const pauseMs = isAlarming
        ? walkMs / walkShare.alarmed
        : Math.max(walkMs / walkShare.calm, calmIntervalMs)
      if (performance.now() - walkedAt >= pauseMs) {
        const startedAt = performance.now()
        usedBytes = await measureAll(options)
        walkedAt = performance.now()
        walkMs = walkedAt - startedAt
        freeAtWalk = freeBytes
      }
      if (usedBytes > limitBytes || rooms.some(isTooLittle)) {
        const freeFiles = Math.min(...rooms.map((room) => room.freeFiles))
        options.onExceeded({ usedBytes, freeBytes, freeFiles })
        return
      }
    } catch (error) {
      if (signal.aborted) return
      options.onError(error)
    }
    await delay(intervalMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

/**
 * What the file system must have left: below it the box is stopped whatever its own measure says. A
 * file deleted while mapped, or held only by a message between two sockets, takes space that nothing
 * shows to belong to the box, and the host must live on.
 */
export const diskFloorBytes = 256 * mib

/** The same of files: empty ones take no space, and where no more can be made nothing can be written. */
const fileFloor = 100_000
/** Of a small file system. */
const fileFloorShare = 1 / 20

/** What a file system has left for an unprivileged user. */
export interface Room {
  freeBytes: number
  /** How many files can still be made. Infinity where the file system has no such limit. */
  freeFiles: number
  files: number
}

/** Of the file system that `folder` lies on. */
export async function readRoom(folder: string): Promise<Room> {
  const { bavail, bsize, files, ffree } = await statfs(folder)
  return { freeBytes: bavail * bsize, freeFiles: files === 0 ? Infinity : ffree, files }
}

/** Whether it is so little that no box may go on. */
export function isTooLittle({ freeBytes, freeFiles, files }: Room): boolean {
  return freeBytes < diskFloorBytes || freeFiles < Math.min(fileFloor, files * fileFloorShare)
}

async function measureAll({
  folders,
  limitBytes,
  roots,
  signal,
}: DiskGuardOptions): Promise<number> {
  let bytes = 0
  for (const folder of folders) bytes += await measureDisk(folder, limitBytes, signal)
  return bytes + (await measureDeletedFiles(roots(), folders, signal))
}

/** Bytes of files that have no name any more but are open in a process of the box. */
async function measureDeletedFiles(
  roots: ReadonlySet<number>,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const devices = new Set(folders.map((folder) => statSync(folder).dev))
  const sizes = new Map<string, number>()
  const pause = createPauses(signal)
  for (const { pid } of listTree(roots)) {
    for (const fd of openFiles(pid)) {
      // A box may hold millions open.
      const paused = pause()
      if (paused !== undefined) await paused
      const file = statOf(`/proc/${pid}/fd/${fd}`)
      if (file === undefined || file.nlink > 0 || !file.isFile() || !devices.has(file.dev)) continue
      sizes.set(`${file.dev}:${file.ino}`, file.blocks * 512)
    }
  }
  return sizes.values().reduce((sum, size) => sum + size, 0)
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return [] // it ended, or made itself unreadable for a runner that is not root
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
