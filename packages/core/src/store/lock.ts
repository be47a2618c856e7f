import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another process has the data folder open. */
export class DataFolderLocked extends Error {
  constructor(folder: string) {
    super(
      `The data folder ${folder} is in use by another Errand. Stop it, or give this one another folder with --data.`,
    )
    this.name = 'DataFolderLocked'
  }
}

/** SQLITE_BUSY: https://sqlite.org/rescode.html#busy. Its extended codes share the low byte. */
const sqliteBusy = 5

/**
 * Takes a data folder for this process alone: two processes on one PGlite folder lose rows silently.
 *
 * @throws DataFolderLocked when somebody has it, this process included.
 */
export function lockFolder(folder: string): { release(): void } {
  const lock = lockFile(join(folder, 'store.lock'))
  if (lock === undefined) throw new DataFolderLocked(folder)
  return lock
}

/**
 * Takes a file, which is made when it is not there, for this process alone; undefined when somebody has
 * it, this process included.
 *
 * Node has no file locks of its own, so the lock is an exclusive transaction, held open on an empty
 * SQLite database: SQLite locks the file through the kernel (fcntl), which frees it when the process
 * ends, however it ends. Nothing stale can be left behind, as a file with a pid would be, and unlike a
 * unix socket's name it also holds between containers of one machine that share the folder.
 */
export function lockFile(path: string): { release(): void } | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return { release: () => database.close() }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === sqliteBusy
  )
}
