import { basename, join } from 'node:path'

import type { Finding } from '@errand/contract'

import { changesBetween } from '../../git/raw-diff.ts'
import type { Objects } from '../../git/read-objects.ts'
import type { Run } from '../../run/run.ts'
import { AnalysisFailed, openAnalysis } from '../analysis/open-analysis.ts'
import { ToolFailed } from '../finding.ts'
import { readBlobs } from '../read-blobs.ts'
import type { Validated } from '../validate-result.ts'
import { lockFileReader } from './lock-files.ts'
import { openOsvApi } from './osv-api.ts'
import type { OsvDatabase } from './osv-database.ts'
import { openOsvFolder } from './osv-folder.ts'
import { type OsvRecord, severityOf } from './osv-record.ts'
import type { Package } from './package.ts'

interface LockFile {
  path: string
  /** Zeros where it is new. */
  oldId: string
  newId: string
}

const mostLockFiles = 200
const mostBytes = 256 * 1024 * 1024
/** New ones in all. A large project has some 2,000. */
const mostPackages = 10_000

/**
 * Looks up every version of a package that the work's lock files name and did not name before.
 *
 * @throws ToolFailed
 */
export async function checkDependencies(
  run: Run,
  { result, checkout }: Validated,
): Promise<Finding[] | undefined> {
  const { osv } = run.context.settings.validation
  if (osv === undefined) return undefined
  const objects = { gitDir: result.gitDir, signal: run.signal }
  const cacheDir = join(run.context.dataDir, 'osv')
  // The settings have one of the two.
  const database =
    osv.path === undefined
      ? openOsvApi(osv.url as string, cacheDir, run.signal)
      : openOsvFolder(osv.path, cacheDir, run.signal)
  const lockFiles = await changedLockFiles(objects, checkout.startCommit, result.commit)
  return await lookUp(database, await findAdded(objects, lockFiles))
}

async function changedLockFiles(objects: Objects, from: string, to: string): Promise<LockFile[]> {
  const changes = await changesBetween(objects, from, to)
  const lockFiles = changes.filter(
    ({ newMode, path }) => newMode.startsWith('100') && lockFileReader(basename(path)),
  )
  if (lockFiles.length > mostLockFiles) {
    throw new ToolFailed(`more than ${mostLockFiles} lock files were changed`)
  }
  return lockFiles
}

interface Added {
  path: string
  package: Package
}

async function findAdded(objects: Objects, lockFiles: readonly LockFile[]): Promise<Added[]> {
  await using analysis = openAnalysis(objects.signal)
  const added: Added[] = []
  for (const { path, oldId, newId } of lockFiles) {
    const contents = await readAll(objects, /^0+$/.test(oldId) ? [newId] : [newId, oldId])
    const before = contents.get(oldId)
    const after = contents.get(newId) ?? Buffer.alloc(0)
    const task = { name: basename(path), after, ...(before === undefined ? {} : { before }) }
    try {
      const packages = await analysis.ask({ type: 'packages', ...task, most: mostPackages })
      added.push(...packages.map((one) => ({ path, package: one })))
    } catch (error) {
      if (!(error instanceof AnalysisFailed)) throw error
      throw new ToolFailed(`${path} is no lock file that can be read: ${error.message}`, {
        cause: error,
      })
    }
    if (added.length > mostPackages) {
      throw new ToolFailed(`more than ${mostPackages} packages were added`)
    }
  }
  return added
}

async function readAll(objects: Objects, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for await (const { id, bytes } of readBlobs(objects, ids, { mostBytes })) found.set(id, bytes)
  return found
}

async function lookUp(database: OsvDatabase, added: readonly Added[]): Promise<Finding[]> {
  if (added.length === 0) return []
  const records = await database.find(added.map((one) => one.package))
  return added.flatMap(({ path, package: one }, at) =>
    (records[at] ?? []).map((record) => present(path, one, record)),
  )
}

function present(path: string, { name, version }: Package, record: OsvRecord): Finding {
  const summary = record.summary ?? 'no summary'
  const message = `${name} ${version}: ${summary}`
  return { path, rule: record.id, severity: severityOf(record), message }
}
