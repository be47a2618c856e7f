import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'

/**
 * In the data folder: what lies there opens the rest, or the door, and nothing else of the data does. Keep it apart
 * from copies of the data.
 */
const folder = 'secrets'

/** Where a secret of a server lies. */
export function secretPath(dataDir: string, name: string): string {
  return join(dataDir, folder, name)
}

/**
 * The same, for who is about to read or make it: the folder is there, for its owner alone, and a secret that an
 * earlier version left in the data folder itself has been moved.
 *
 * @throws UserError when there is one in both places, and they differ
 */
export function prepareSecret(dataDir: string, name: string): string {
  const path = secretPath(dataDir, name)
  mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 })
  const former = join(dataDir, name)
  if (!existsSync(former)) return path
  try {
    linkSync(former, path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return path
    if (codeOf(error) !== 'EEXIST') throw error
    requireSame(former, path)
  }
  try {
    unlinkSync(former)
  } catch (error) {
    // Another that starts as well was faster.
    if (codeOf(error) !== 'ENOENT') throw error
  }
  return path
}

/** An earlier version that was started again made a new one: what it is good for only people know. */
function requireSame(former: string, path: string): void {
  if (!existsSync(former) || readFileSync(former).equals(readFileSync(path))) return
  throw new UserError(`There are two different secrets, ${former} and ${path}.`, {
    remedy:
      'Keep the second. If an earlier version of Errand ran in between, add the key of encryption.key to it as a further line; then delete the first.',
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
