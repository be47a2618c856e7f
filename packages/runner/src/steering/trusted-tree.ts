import { git } from '../git/git.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'

/** A file, link or submodule of a commit's tree. */
export interface TreeEntry {
  mode: string
  oid: string
  path: string
  /** Undefined for a submodule. */
  sizeBytes: number | undefined
}

/** Everything in a commit's tree, as the mirror has it. */
export async function listTree(run: Run, mirror: Mirror, commit: string): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-r', '-z', '--long', '--full-tree', commit]
  const output = await git(args, { gitDir: mirror.dir, signal: run.signal })
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode, oid, size, path] = /^(\d{6}) \w+ (\w+) +(\d+|-)\t([^]+)$/.exec(line) ?? []
      if (mode === undefined || oid === undefined || path === undefined) return []
      return [{ mode, oid, path, sizeBytes: size === '-' ? undefined : Number(size) }]
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
  let room = mostBytes
  const wanted = new Set<string>()
  for (const { oid, sizeBytes } of entries) {
    if (wanted.has(oid) || sizeBytes === undefined || sizeBytes > largestFileBytes) continue
    room -= sizeBytes
    if (room < 0) break
    wanted.add(oid)
  }
  if (wanted.size === 0) return new Map()
  const input = [...wanted].map((oid) => `${oid}\n`).join('')
  const output = await git(['cat-file', '--batch'], {
    gitDir: mirror.dir,
    signal: run.signal,
    input,
  })
  return parseBatch(output)
}

/** `OID TYPE SIZE`, a line break, the bytes, a line break. */
function parseBatch(output: Buffer): Map<string, string> {
  const texts = new Map<string, string>()
  let at = 0
  while (at < output.length) {
    const end = output.indexOf('\n', at)
    const [oid = '', , size] = output.toString('utf8', at, end).split(' ')
    // An object that is missing has no bytes.
    if (size === undefined) {
      at = end + 1
      continue
    }
    const start = end + 1
    texts.set(oid, output.toString('utf8', start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return texts
}
