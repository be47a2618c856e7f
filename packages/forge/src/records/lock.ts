import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: https://sqlite.org/rescode.html#busy. Its extended codes share the low byte. */
const sqliteBusy = 5

/**
 * Takes the forge's folder for this process alone: a second one would have its own copy of the
 * records in memory and overwrite what this one wrote. The store's lock does not cover it where the
 * store is PostgreSQL.
 *
 * The lock is an exclusive transaction held open on an empty SQLite database: Node has no file locks
 * of its own, and the kernel frees this one when the process ends, however it ends.
 *
 * @throws Error when somebody has it, this process included.
 */
export function lockFolder(folder: string): { release(): void } {
  const database = new DatabaseSync(join(folder, 'forge.lock'), { timeout: 0 })
  try {
    database.exec('begin exclusive')
  } catch (cause) {
    database.close()
    if (!isBusy(cause)) throw cause
    throw new Error(
      `The forge's folder ${folder} is in use by another Errand. Stop it, or give this one another folder with --data.`,
      { cause },
    )
  }
  let isHeld = true
  return {
    release() {
      if (isHeld) database.close()
      isHeld = false
    },
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === sqliteBusy
  )
}
