import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Puts an empty, migrated store into a new data folder, as a server's first start would after seconds. A folder that has
 * one is left alone.
 */
export function fillDataFolder(dataDir: string): void {
  const template = process.env['ERRAND_TEST_STORE_TEMPLATE']
  if (template === undefined || existsSync(join(dataDir, 'store'))) return
  cpSync(join(template, 'store'), join(dataDir, 'store'), { recursive: true })
}
