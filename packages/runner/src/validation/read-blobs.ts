import { git, GitFailed } from '../git/git.ts'
import { ToolFailed } from './finding.ts'

export interface RepositoryOptions {
  gitDir: string
  signal: AbortSignal
}

/** GitHub takes no larger file. */
const largestBlobBytes = 100 * 1024 * 1024
/** Of all that is read at once. */
const batchBytes = 32 * 1024 * 1024

/**
 * Reads objects of a bare repository, a few at a time, as they are: no filter, no attribute and no name of
 * the agent's has a say in it.
 *
 * @throws ToolFailed where one is too large to be looked at, or all are
 */
export async function* readBlobs(
  options: RepositoryOptions,
  ids: readonly string[],
  { mostBytes }: { mostBytes: number },
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  const sizes = await readSizes(options, ids)
  const total = sizes.reduce((sum, { size }) => sum + size, 0)
  if (total > mostBytes) throw new ToolFailed(`it has more than ${megabytes(mostBytes)} of changes`)
  if (sizes.some(({ size }) => size > largestBlobBytes)) {
    throw new ToolFailed(`a file in it is larger than ${megabytes(largestBlobBytes)}`)
  }
  for (const batch of batchesOf(sizes)) yield* readBatch(options, batch)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}

interface Sized {
  id: string
  size: number
}

async function readSizes(options: RepositoryOptions, ids: readonly string[]): Promise<Sized[]> {
  if (ids.length === 0) return []
  const format = '--batch-check=%(objectname) %(objectsize)'
  const output = await git(['cat-file', format], { ...options, input: `${ids.join('\n')}\n` })
  const lines = output.toString('latin1').split('\n')
  return lines.slice(0, ids.length).map((line) => {
    const [, id, size] = /^([0-9a-f]{40}) (\d+)$/.exec(line) ?? []
    if (id === undefined) throw new ToolFailed('an object of it is missing')
    return { id, size: Number(size) }
  })
}

function batchesOf(sizes: readonly Sized[]): Sized[][] {
  const batches: Sized[][] = []
  let left = 0
  for (const sized of sizes) {
    if (sized.size > left || batches.length === 0) {
      batches.push([])
      left = batchBytes
    }
    batches.at(-1)?.push(sized)
    left -= sized.size
  }
  return batches
}

async function* readBatch(
  options: RepositoryOptions,
  batch: readonly Sized[],
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  const input = batch.map(({ id }) => `${id}\n`).join('')
  // Each has a line before it and a line break behind it.
  const limitBytes = batch.reduce((sum, { size }) => sum + size + 100, 0)
  const output = await git(['cat-file', '--batch'], { ...options, input, limitBytes })
  let at = 0
  for (const { id, size } of batch) {
    const start = output.indexOf(10, at) + 1
    yield { id, bytes: output.subarray(start, start + size) }
    at = start + size + 1
  }
}

/** A file of a commit; undefined where it has none of that path, or a larger one. */
export async function readFileAt(
  options: RepositoryOptions,
  commit: string,
  path: string,
  limitBytes = largestBlobBytes,
): Promise<Buffer | undefined> {
  try {
    return await git(['cat-file', 'blob', `${commit}:${path}`], { ...options, limitBytes })
  } catch (error) {
    if (error instanceof GitFailed) return undefined
    throw error
  }
}
