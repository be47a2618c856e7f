import { git } from '../git/git.ts'
import { readObjects, sizesOf } from '../git/read-objects.ts'
import type { Run } from '../run/run.ts'
import type { Mirror } from './mirror.ts'

/** A file, link or submodule of a commit's tree. */
export interface TreeEntry {
  mode: string
  oid: string
  path: string
}

/**
 * What is in a commit's tree, as the mirror has it: no checkout is asked.
 *
 * @param paths only these, and what is below them. Default: everything
 */
export async function listTree(
  run: Run,
  mirror: Mirror,
  commit: string,
  paths: readonly string[] = [],
): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit]
  const places = paths.map((path) => `:(literal)${path}`)
  const options = { gitDir: mirror.dir, signal: run.signal }
  const output = await git([...args, '--', ...places], options)
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode, oid, path] = /^(\d{6}) \w+ (\w+)\t([^]+)$/.exec(line) ?? []
      if (mode === undefined || oid === undefined || path === undefined) return []
      return [{ mode, oid, path }]
    })
}

/** Neither a link, which is never followed, nor a submodule. */
export function isFile({ mode }: TreeEntry): boolean {
  return mode === '100644' || mode === '100755'
}

/** Of one file, and of all that are read at once. */
export const largestFileBytes = 256 * 1024
const mostBytes = 16 * 1024 * 1024

/** The contents of entries by their object, as text. Too large ones, and those there is no room for, are left out. */
export async function readEntries(
  run: Run,
  mirror: Mirror,
  entries: readonly TreeEntry[],
): Promise<Map<string, string>> {
  const objects = { gitDir: mirror.dir, signal: run.signal }
  const sizes = await sizesOf(objects, [...new Set(entries.map(({ oid }) => oid))])
  let room = mostBytes
  const wanted = new Map<string, number>()
  for (const [oid, size] of sizes) {
    if (size > largestFileBytes) continue
    room -= size
    if (room < 0) break
    wanted.set(oid, size)
  }
  const texts = new Map<string, string>()
  for await (const { id, bytes } of readObjects(objects, wanted)) {
    texts.set(id, bytes.toString('utf8'))
  }
  return texts
}
