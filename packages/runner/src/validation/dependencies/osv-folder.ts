import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { hasCode } from '../../error-code.ts'
import { ToolFailed } from '../finding.ts'
import { isAffected } from './is-affected.ts'
import type { OsvDatabase } from './osv-database.ts'
import { OsvRecord } from './osv-record.ts'
import { pythonName } from './read-json-lock.ts'

/** Which files are about a package. Kept, since reading all of them takes many seconds. */
const Index = z.object({ stamp: z.string(), files: z.record(z.string(), z.array(z.string())) })
type Index = z.infer<typeof Index>

const largestRecordBytes = 8 * 1024 * 1024

/**
 * A folder of OSV files, as OSV's own archives unpack: one record a file, flat or in one folder for each ecosystem.
 * An index of it is kept in the data folder, and made anew when files come or go.
 */
export function openOsvFolder(folder: string, cacheDir: string, signal: AbortSignal): OsvDatabase {
  let reading: Promise<Index> | undefined
  return {
    async find(packages) {
      reading ??= readIndex(folder, cacheDir, signal)
      const { files } = await reading
      const found: OsvRecord[][] = []
      for (const one of packages) {
        const records: OsvRecord[] = []
        for (const file of files[keyOf(one)] ?? []) {
          const record = await readRecord(join(folder, file))
          if (record !== undefined && isAffected(record, one)) records.push(record)
        }
        found.push(records)
      }
      return found
    },
  }
}

async function readIndex(folder: string, cacheDir: string, signal: AbortSignal): Promise<Index> {
  const places = await listFolder(folder)
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  const path = join(cacheDir, `index-${name}.json`)
  const kept = await readKept(path)
  if (kept?.stamp === places.stamp) return kept
  const files = await indexFiles(folder, places.names, signal)
  const index = { stamp: places.stamp, files }
  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  // Two runs may do it at a time: each writes a file of its own, and the last is as good as the first.
  const fresh = `${path}.${randomUUID()}`
  try {
    await writeFile(fresh, JSON.stringify(index), { mode: 0o600 })
    await rename(fresh, path)
  } finally {
    await rm(fresh, { force: true })
  }
  return index
}

/** The records there are, and a stamp that is another one when some have come, gone or been written anew. */
async function listFolder(folder: string): Promise<{ names: string[]; stamp: string }> {
  try {
    const top = await readdir(folder, { withFileTypes: true })
    const folders = ['', ...top.filter((one) => one.isDirectory()).map(({ name }) => name)]
    const names: string[] = []
    const stamps: string[] = []
    for (const inner of folders) {
      const entries = await readdir(join(folder, inner))
      names.push(...entries.filter((one) => one.endsWith('.json')).map((one) => join(inner, one)))
      const { mtimeMs } = await stat(join(folder, inner))
      stamps.push(`${inner} ${mtimeMs} ${entries.length}`)
    }
    return { names, stamp: stamps.join('\n') }
  } catch (error) {
    throw new ToolFailed('the folder of validation.osv cannot be read', { cause: error })
  }
}

async function indexFiles(
  folder: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Index['files']> {
  const files = new Map<string, string[]>()
  for (const name of names) {
    signal.throwIfAborted()
    const record = await readRecord(join(folder, name))
    const keys = (record?.affected ?? []).flatMap(({ package: named }) =>
      named === undefined
        ? []
        : [keyOf({ ...named, ecosystem: named.ecosystem.split(':')[0] ?? '' })],
    )
    for (const key of new Set(keys)) files.set(key, [...(files.get(key) ?? []), name])
  }
  return Object.fromEntries(files)
}

function keyOf({ ecosystem, name }: { ecosystem: string; name: string }): string {
  return `${ecosystem}/${ecosystem === 'PyPI' ? pythonName(name) : name}`
}

async function readKept(path: string): Promise<Index | undefined> {
  try {
    return Index.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    const isNone = hasCode(error, 'ENOENT') || error instanceof SyntaxError
    if (isNone || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Undefined for what is no record: one of two hundred thousand must not keep the others from counting. */
async function readRecord(path: string): Promise<OsvRecord | undefined> {
  try {
    await using file = await open(path, 'r')
    if ((await file.stat()).size > largestRecordBytes) return undefined
    return OsvRecord.safeParse(JSON.parse(await file.readFile('utf8'))).data
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
