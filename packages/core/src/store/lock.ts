import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Another process has the data folder open. */
export class DataFolderLocked extends Error {
  constructor(folder: string, cause: unknown) {
    super(
      `The data folder ${folder} is in use by another Errand on this machine. Stop it, or give this one another folder with --data.`,
      { cause },
    )
    this.name = 'DataFolderLocked'
  }
}

/**
 * Takes a data folder for this process alone: two processes on one PGlite folder lose rows silently.
 * The lock is an abstract unix socket named after the folder. The kernel frees it when the process
 * ends, however it ends, so there is no stale lock to find out about, and nothing on the disk.
 * It holds within one network namespace: two containers must not share a data folder.
 */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
  const server = createServer((socket) => socket.destroy())
  server.listen(`\0errand-data-${name}`)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new DataFolderLocked(folder, cause)
  }
  server.unref()
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
