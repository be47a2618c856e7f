import { constants, createWriteStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { hasCode } from '../error-code.ts'
import { SessionFailed } from '../failures.ts'
import { longestHeaderBytes, parseBundleHeader } from './bundle-header.ts'

/** Largest result taken. GitHub refuses files over 100 MB and discourages pushes over 2 GB. */
export const resultLimitBytes = 512 * 1024 * 1024

/** A bundle that was taken out of the box, opened. */
export interface TakenBundle {
  /** Its pack alone, in a file no agent can reach. */
  packPath: string
  /** What it offers as the result. Not to be believed before it was looked at. */
  commit: string
}

/**
 * Takes the bundle out of the agent's home. By now nothing of the agent runs; still the file may be
 * anything it made of it: a link, a pipe, a device, a hole of a terabyte.
 *
 * @param homeDir the home as the host has it: the folder itself is ours, what is in it is not
 * @throws SessionFailed result_refused
 */
export async function takeBundle(
  homeDir: string,
  bundleName: string,
  targetDir: string,
): Promise<TakenBundle> {
  const path = join(homeDir, bundleName)
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch((error: unknown) => {
    // ELOOP: a symbolic link. ENXIO: a socket.
    if (['ELOOP', 'ENOENT', 'ENXIO', 'EACCES'].some((code) => hasCode(error, code))) {
      throw refused('the bundle is not a file', error)
    }
    throw error
  })
  try {
    const stats = await file.stat()
    const { size } = stats
    if (!stats.isFile()) throw refused('the bundle is not a file')
    if (size > resultLimitBytes) {
      const limitMb = resultLimitBytes / 1024 / 1024
      throw refused(`it is larger than ${limitMb} MB (${Math.ceil(size / 1024 / 1024)} MB)`)
    }
    const start = Buffer.alloc(Math.min(size, longestHeaderBytes))
    await file.read(start, 0, start.length, 0)
    const header = parseBundleHeader(start)
    if (header === undefined) throw refused('the bundle is not one')
    const packPath = join(targetDir, 'result.pack')
    const pack = file.createReadStream({ start: header.length, end: size, autoClose: false })
    await pipeline(pack, createWriteStream(packPath, { mode: 0o600 }))
    await rm(path, { force: true })
    return { packPath, commit: header.commit }
  } finally {
    await file.close()
  }
}

export function refused(reason: string, cause?: unknown): SessionFailed {
  return new SessionFailed('result_refused', `The result was refused: ${reason}.`, cause)
}
