import { randomBytes, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import {
  chmod,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'

import { SealBroken } from '@errand/core'
import { z } from 'zod'

import { hasCode } from '../../error-code.ts'
import type { RunnerContext } from '../../run/run.ts'
import { type LayerClaim, removeUnclaimed } from './claim-layer.ts'
import { layerFile, layersFolder, unfinishedPrefix } from './layers-folder.ts'

/** What is known of a layer beside its files. */
const About = z.object({
  created_at: z.iso.datetime(),
  /** How many steps ran for it. */
  steps: z.int(),
  variables: z.record(z.string(), z.string()),
  paths: z.array(z.string()),
  /** Tracked files that the steps changed or removed: what each was before, by its blob's id. */
  changed: z.record(z.string(), z.string()),
})
export type About = z.infer<typeof About>

/** An open layer: it stays whole for whoever has it, also when it is removed meanwhile. */
export interface OpenLayer extends AsyncDisposable {
  about: About
  /** The archive, as tar wrote it. Errors where the file is spoilt. */
  read(): Readable
}

type Place = Pick<RunnerContext, 'dataDir' | 'settings'>

/** Layers kept at most, however small they are. */
const mostLayers = 1000
/** Bytes of what is known of a layer. */
const longestAbout = 4 * 1024 * 1024
/** A secret that has no name by then was left by a runner that died. */
const namelessMs = 60 * 60_000
const namelessPrefix = '.key-'
const dayMs = 24 * 60 * 60_000

/**
 * Opens a layer, which thereby counts as used just now. Undefined where there is none, or it is older than
 * it may be.
 */
export async function openLayer(
  { dataDir, settings }: Place,
  key: string,
): Promise<OpenLayer | undefined> {
  const path = layerFile(dataDir, key)
  const file = await openMaybe(path)
  if (file === undefined) return undefined
  const header = await readHeader(file)
  const maxAgeMs = settings.setup_steps.cache_days * dayMs
  if (header === undefined || Date.now() - Date.parse(header.about.created_at) > maxAgeMs) {
    await file.close()
    await rm(path, { force: true })
    return undefined
  }
  const now = new Date()
  await utimes(path, now, now).catch((error: unknown) => {
    // Removed meanwhile: we have it open.
    if (!hasCode(error, 'ENOENT')) throw error
  })
  return {
    about: header.about,
    read() {
      const packed = file.createReadStream({ start: header.length, autoClose: false })
      const unpacked = createZstdDecompress()
      packed.on('error', (error) => unpacked.destroy(error))
      return packed.pipe(unpacked)
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

async function openMaybe(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Its length in bytes stands before it, as four of them. */
async function readHeader(file: FileHandle): Promise<{ about: About; length: number } | undefined> {
  const size = Buffer.alloc(4)
  await file.read(size, 0, 4, 0)
  const bytes = size.readUInt32BE(0)
  if (bytes === 0 || bytes > longestAbout) return undefined
  const text = Buffer.alloc(bytes)
  await file.read(text, 0, bytes, 4)
  try {
    return { about: About.parse(JSON.parse(text.toString('utf8'))), length: 4 + bytes }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/**
 * Keeps an archive under the key that is claimed: whole, or not at all. A claim serves once.
 */
export async function storeLayer(
  { dataDir, settings }: Place,
  claim: LayerClaim,
  { about, archive }: { about: About; archive: Readable },
): Promise<void> {
  const text = Buffer.from(JSON.stringify(about))
  if (text.length > longestAbout) throw new RangeError('too much is to be known of a layer')
  const size = Buffer.alloc(4)
  size.writeUInt32BE(text.length)
  const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = constants
  await chmod(claim.file, 0o600)
  await writeFile(claim.file, Buffer.concat([size, text]))
  await pipeline(
    archive,
    createZstdCompress({ params: { [level]: 1, [checksum]: 1 } }),
    createWriteStream(claim.file, { flags: 'a' }),
  )
  await claim.publish()
  await sweepLayers({ dataDir, settings })
}

export async function removeLayer({ dataDir }: Place, key: string): Promise<void> {
  await rm(layerFile(dataDir, key), { force: true })
}

/**
 * One pass: removes what runners that died have left, layers that were not used for too long, then those used
 * longest ago until the rest is no larger than it may be. Returns how many.
 */
export async function sweepLayers({ dataDir, settings }: Place): Promise<number> {
  const { cache_mb: limitMb, cache_days: days } = settings.setup_steps
  const kept: { path: string; size: number; usedAt: number }[] = []
  const gone: string[] = []
  let unclaimed = 0
  for (const name of await listFolder(layersFolder(dataDir))) {
    const path = join(layersFolder(dataDir), name)
    const stats = await stat(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    })
    if (stats === undefined) continue
    const idleMs = Date.now() - stats.mtimeMs
    if (name.endsWith('.layer')) {
      if (idleMs > days * dayMs) gone.push(path)
      else kept.push({ path, size: stats.size, usedAt: stats.mtimeMs })
    } else if (name.startsWith(unfinishedPrefix)) {
      if (await removeUnclaimed(path)) unclaimed += 1
    } else if (name.startsWith(namelessPrefix) && idleMs > namelessMs) {
      gone.push(path)
    }
  }
  let bytes = 0
  for (const [at, layer] of kept.toSorted((a, b) => b.usedAt - a.usedAt).entries()) {
    bytes += layer.size
    if (bytes > limitMb * 1024 * 1024 || at >= mostLayers) gone.push(layer.path)
  }
  for (const path of gone) await rm(path, { force: true })
  return gone.length + unclaimed
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

const sealPlace = 'setup-layers/key'

/**
 * What keys of layers are made with. Sealed by the store's encryption, so that who has the data folder alone
 * cannot try which values lead to a key.
 */
export async function layerSecret({
  dataDir,
  encryption,
}: Pick<RunnerContext, 'dataDir' | 'encryption'>): Promise<string> {
  const folder = layersFolder(dataDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'key')
  const known = await readSecret(path, encryption)
  if (known !== undefined) return known
  // Whole before it has its name; of two runners at it the first one's is taken.
  const own = join(folder, `${namelessPrefix}${randomUUID()}`)
  const sealed = encryption.seal(randomBytes(32).toString('hex'), sealPlace)
  try {
    await writeFile(own, sealed, { mode: 0o600, flag: 'wx' })
    await link(own, path).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
  } finally {
    await rm(own, { force: true })
  }
  const made = await readSecret(path, encryption)
  if (made !== undefined) return made
  // Sealed with a key that is gone: what was kept under it is not found any more, and swept in time.
  await writeFile(path, sealed, { mode: 0o600 })
  return encryption.open(sealed, sealPlace)
}

async function readSecret(
  path: string,
  encryption: RunnerContext['encryption'],
): Promise<string | undefined> {
  try {
    return encryption.open(await readFile(path, 'utf8'), sealPlace)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SealBroken) return undefined
    throw error
  }
}
