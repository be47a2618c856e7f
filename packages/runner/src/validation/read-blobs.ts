import { git, GitFailed } from '../git/git.ts'
import { type Objects, readObjects, sizesOf } from '../git/read-objects.ts'
import { ToolFailed } from './finding.ts'

/** GitHub takes no larger file. */
const largestBlobBytes = 100 * 1024 * 1024

/**
 * Reads what an agent has written, all of it.
 *
 * @throws ToolFailed where one is too large to be looked at, or all are
 */
export async function* readBlobs(
  objects: Objects,
  ids: readonly string[],
  { mostBytes }: { mostBytes: number },
): AsyncGenerator<{ id: string; bytes: Buffer }> {
  const sizes = await sizesOf(objects, ids)
  if (ids.some((id) => !sizes.has(id))) throw new ToolFailed('an object of it is missing')
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  if (total > mostBytes) throw new ToolFailed(`it has more than ${megabytes(mostBytes)} of changes`)
  if ([...sizes.values()].some((size) => size > largestBlobBytes)) {
    throw new ToolFailed(`a file in it is larger than ${megabytes(largestBlobBytes)}`)
  }
  yield* readObjects(objects, sizes)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}

/** A file of a commit; undefined where it has none of that path, or a larger one. */
export async function readFileAt(
  objects: Objects,
  commit: string,
  path: string,
): Promise<Buffer | undefined> {
  try {
    const options = { ...objects, limitBytes: largestBlobBytes }
    return await git(['cat-file', 'blob', `${commit}:${path}`], options)
  } catch (error) {
    if (error instanceof GitFailed) return undefined
    throw error
  }
}
