import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The checkout of Errand this command runs from; undefined when it was installed from a package. */
export function checkoutDir(): string | undefined {
  const root = resolve(import.meta.dirname, '..', '..', '..', '..')
  return existsSync(join(root, 'script', 'bootstrap')) ? root : undefined
}
