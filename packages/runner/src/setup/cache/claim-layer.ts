import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { type FileLock, lockFile } from '../../file-lock.ts'
import { layerFile, layersFolder, unfinishedPrefix } from './layers-folder.ts'

/**
 * The right to make the layer of a key: of one session at a time, among all runners at a data folder. Whoever dies
 * with it loses it. What is written to its file is no layer until it is published.
 */
export interface LayerClaim extends AsyncDisposable {
  key: string
  /** Locked. What one who died has left in it is to be written over. */
  file: string
  /** The file becomes the layer, as it is, in the place of one that there was. */
  publish(): Promise<void>
}

/** Undefined where another session has it, or has come to an end with it just now. Nobody is waited for. */
export async function claimLayer(
  dataDir: string,
  key: string,
  signal: AbortSignal,
): Promise<LayerClaim | undefined> {
  const file = unfinishedFile(dataDir, key)
  const lock = await lockFile(file, { waitMs: 0, signal })
  return lock === undefined ? undefined : presentClaim(dataDir, key, file, lock)
}

/** Whether another session has the claim of a key. */
export async function isClaimed(
  dataDir: string,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const file = unfinishedFile(dataDir, key)
  if (!existsSync(file)) return false
  await using lock = await lockFile(file, { create: false, waitMs: 0, signal })
  return lock === undefined && existsSync(file)
}

/** Waits until nobody has the claim of a key any more, and no longer than `waitMs`. It is not taken. */
export async function waitForClaim(
  dataDir: string,
  key: string,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<void> {
  const file = unfinishedFile(dataDir, key)
  // Let go of at once: all that have waited go on together.
  await using _ = await lockFile(file, { create: false, waitMs, signal })
}

function unfinishedFile(dataDir: string, key: string): string {
  return join(layersFolder(dataDir), `${unfinishedPrefix}${key}`)
}

function presentClaim(dataDir: string, key: string, file: string, lock: FileLock): LayerClaim {
  let isPublished = false
  return {
    key,
    file,
    async publish() {
      await rename(file, layerFile(dataDir, key))
      isPublished = true
    },
    async [Symbol.asyncDispose]() {
      // After that the name may be somebody else's already.
      if (!isPublished) await rm(file, { force: true })
      await lock.release()
    },
  }
}

/** Removes a file of that kind where a runner that died has left it, and says whether. */
export async function removeUnclaimed(file: string): Promise<boolean> {
  // It asks once, and is done at once.
  const { signal } = new AbortController()
  const lock = await lockFile(file, { create: false, waitMs: 0, signal })
  if (lock === undefined) return false
  await using _ = lock
  await rm(file, { force: true })
  return true
}
