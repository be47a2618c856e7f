import { git, type GitOptions } from './git.ts'

/** A bare repository of ours. */
export type Objects = Required<Pick<GitOptions, 'gitDir'>> & Pick<GitOptions, 'signal'>

/** Sizes in bytes of objects, by their ids in the order of these; those that are not there are left out. */
export async function sizesOf(
  objects: Objects,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const format = '--batch-check=%(objectname) %(objectsize)'
  const output = await git(['cat-file', format], { ...objects, input: `${ids.join('\n')}\n` })
  const sizes = new Map<string, number>()
  for (const line of output.toString('latin1').split('\n')) {
    const [, id, size] = /^([0-9a-f]{40}) (\d+)$/.exec(line) ?? []
    if (id !== undefined) sizes.set(id, Number(size))
  }
  return sizes
}

/** Of all that is read at once. */
const batchBytes = 32 * 1024 * 1024

/** Reads objects, a few at a time, as they are: no filter, no attribute and no name has a say in it. */
export async function* readObjects(
  objects: Objects,
  sizes: ReadonlyMap<string, number>,
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  for (const batch of batchesOf(sizes)) yield* readBatch(objects, batch)
}

type Sized = [id: string, size: number]

function batchesOf(sizes: ReadonlyMap<string, number>): Sized[][] {
  const batches: Sized[][] = []
  let left = 0
  for (const [id, size] of sizes) {
    if (size > left || batches.length === 0) {
      batches.push([])
      left = batchBytes
    }
    batches.at(-1)?.push([id, size])
    left -= size
  }
  return batches
}

/** Each has a line before it and a line break behind it. */
async function* readBatch(
  objects: Objects,
  batch: readonly Sized[],
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  const input = batch.map(([id]) => `${id}\n`).join('')
  const limitBytes = batch.reduce((sum, [, size]) => sum + size + 100, 0)
  const output = await git(['cat-file', '--batch'], { ...objects, input, limitBytes })
  let at = 0
  for (const [id, size] of batch) {
    const start = output.indexOf(10, at) + 1
    yield { id, bytes: output.subarray(start, start + size) }
    at = start + size + 1
  }
}
