import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const Release = z.object({ version: z.string(), integrity: z.string() })

/** A published package with a bug that a later release of it has not. */
const Description = z.object({ package: z.string(), buggy: Release, fixed: Release })
export type Release = z.infer<typeof Release>

export interface RepairTask extends z.infer<typeof Description> {
  id: string
  /** In our words, as a user of the package would report it. */
  prompt: string
  /** A CommonJS script, run in the repository's root: it ends with an error where the bug is there. */
  check: string
}

const folder = join(import.meta.dirname, 'tasks')

/** @param only the ids of those that are wanted; all without it */
export async function readTasks(only?: readonly string[]): Promise<RepairTask[]> {
  const ids = (await readdir(folder)).toSorted()
  const unknown = only?.find((id) => !ids.includes(id))
  if (unknown !== undefined) {
    throw new Error(`There is no task ${unknown}; there are ${ids.join(', ')}.`)
  }
  return Promise.all((only ?? ids).map(readTask))
}

async function readTask(id: string): Promise<RepairTask> {
  const read = (name: string) => readFile(join(folder, id, name), 'utf8')
  const description = Description.parse(JSON.parse(await read('task.json')))
  return { id, ...description, prompt: await read('prompt.md'), check: await read('check.cjs') }
}
