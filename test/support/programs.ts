import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * For the name of a test that runs programs of the machine: empty when all are there, else which are not,
 * and the test is skipped.
 */
export function missingPrograms(...names: string[]): string {
  const folders = (process.env.PATH ?? '').split(':')
  const missing = names.filter((name) => !folders.some((folder) => existsSync(join(folder, name))))
  return missing.length === 0 ? '' : ` (skipped: without ${missing.join(', ')})`
}
