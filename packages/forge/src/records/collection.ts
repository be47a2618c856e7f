import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Records of one kind: all in memory, each in a file of its own. */
export interface Collection<T> {
  get(key: string): T | undefined
  values(): T[]
  /** Resolves when the record is on the disk; only then is it to be seen. */
  put(key: string, record: T): Promise<void>
  delete(key: string): Promise<void>
}

/** Opens a folder of JSON files. Files a crash left half written are dropped: they were never seen. */
export async function openCollection<T>(folder: string): Promise<Collection<T>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const records = new Map<string, T>()
  for (const file of await readdir(folder)) {
    const path = join(folder, file)
    if (file.endsWith('.json')) {
      // Written by `put` from a T.
      records.set(file.slice(0, -5), JSON.parse(await readFile(path, 'utf8')) as T)
    } else if (file.endsWith('.new')) {
      await rm(path)
    }
  }
  let writing: Promise<unknown> = Promise.resolve()
  // One write after the other: two of the same record must not overtake each other.
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }
  return {
    get: (key) => records.get(key),
    values: () => [...records.values()],
    put: (key, record) =>
      inTurn(async () => {
        await writeFileDurably(join(folder, `${key}.json`), JSON.stringify(record))
        records.set(key, record)
      }),
    delete: (key) =>
      inTurn(async () => {
        await rm(join(folder, `${key}.json`), { force: true })
        records.delete(key)
      }),
  }
}

/** Writes a file so that after a crash it is there as a whole, in its old form or its new. */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  const folder = await open(join(path, '..'), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
