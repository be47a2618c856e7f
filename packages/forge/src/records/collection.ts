import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ErrandError } from '@errand/contract'

/** Records of one kind: all in memory, each in a file of its own. Records are never changed in place. */
export interface Collection<T> {
  /** Grows with every change: whoever keeps an index made from the records sees that it is old. */
  readonly version: number
  get(key: string): T | undefined
  values(): T[]
  /** Resolves when the record is on the disk; only then is it to be seen. */
  put(key: string, record: T): Promise<T>
  /**
   * As `put`, from the record as it is now: no other write comes in between.
   * @throws ErrandError not_found where it was deleted before its turn came
   */
  update(key: string, change: (record: T) => T): Promise<T>
  delete(key: string): Promise<void>
}

/** Opens a folder of JSON files. Files a crash left half written are dropped: they were never seen. */
export async function openCollection<T>(folder: string): Promise<Collection<T>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const records = await readRecords<T>(folder)
  let version = 0
  let writing: Promise<unknown> = Promise.resolve()

  // One write after the other: two of the same record must not overtake each other.
  function inTurn<R>(work: () => Promise<R>): Promise<R> {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }

  async function write(key: string, record: T): Promise<T> {
    await writeFileDurably(join(folder, `${key}.json`), JSON.stringify(record))
    records.set(key, record)
    version += 1
    return record
  }

  return {
    get version() {
      return version
    },
    get: (key) => records.get(key),
    values: () => [...records.values()],
    put: (key, record) => inTurn(() => write(key, record)),
    update: (key, change) =>
      inTurn(async () => {
        const record = records.get(key)
        if (record === undefined) throw new ErrandError('not_found')
        return await write(key, change(record))
      }),
    delete: (key) =>
      inTurn(async () => {
        await rm(join(folder, `${key}.json`), { force: true })
        await syncFolder(folder)
        records.delete(key)
        version += 1
      }),
  }
}

async function readRecords<T>(folder: string): Promise<Map<string, T>> {
  const records = new Map<string, T>()
  for (const file of await readdir(folder)) {
    const path = join(folder, file)
    if (file.endsWith('.new')) await rm(path)
    if (!file.endsWith('.json')) continue
    try {
      // Written by `put` from a T.
      records.set(file.slice(0, -5), JSON.parse(await readFile(path, 'utf8')) as T)
    } catch (cause) {
      throw new Error(`the forge's record ${path} cannot be read`, { cause })
    }
  }
  return records
}

/** Writes a file so that after a crash it is there as a whole, in its old form or its new. */
async function writeFileDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A map made from a collection's records, made anew after they changed. */
export function createIndex<T, V>(
  collection: Collection<T>,
  build: (records: T[]) => Map<string, V>,
): () => Map<string, V> {
  let madeAt = -1
  let index = new Map<string, V>()
  return () => {
    if (madeAt !== collection.version) {
      index = build(collection.values())
      madeAt = collection.version
    }
    return index
  }
}
