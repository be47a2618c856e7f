import { randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'

/** Writes a file that is whole or not there: what reads it must not take a part for all. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  try {
    await writeFile(beside, text)
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
}
