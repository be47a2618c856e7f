import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

// Before any test: Vitest's globalSetup (vitest.config.ts).

const program = fileURLToPath(new URL('make-store.ts', import.meta.url))
const migrations = new URL('../../packages/core/migrations/', import.meta.url)
const cache = fileURLToPath(new URL('../../node_modules/.cache/errand/', import.meta.url))

/**
 * Making a PGlite folder and migrating it takes seconds, copying one a fraction of that: one that is made is kept as
 * long as the migrations stay the same. Tests find it in ERRAND_TEST_STORE_TEMPLATE.
 */
export async function setup(): Promise<void> {
  const template = join(cache, `pglite-${await migrationsHash()}`)
  if (!existsSync(template)) {
    const made = `${template}-${randomUUID()}`
    await mkdir(made, { recursive: true })
    await promisify(execFile)(process.execPath, ['--conditions=errand-source', program, made])
    // Whoever else made it at the same time has made the same.
    await rename(made, template).catch(() => rm(made, { recursive: true, force: true }))
  }
  process.env['ERRAND_TEST_STORE_TEMPLATE'] = template
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(migrations)).sort()) {
    hash.update(name).update(await readFile(new URL(name, migrations)))
  }
  return hash.digest('hex').slice(0, 16)
}
