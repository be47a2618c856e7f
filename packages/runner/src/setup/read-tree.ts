import { createHash } from 'node:crypto'
import { matchesGlob } from 'node:path/posix'

import { git } from '../git/git.ts'
import { sizesOf } from '../git/read-objects.ts'
import type { Mirror } from '../mirror/mirror.ts'
import { isFile, listTree } from '../mirror/tree.ts'
import type { Run } from '../run/run.ts'

/** The files of a commit, as the mirror has them: no checkout is asked. */
export interface Tree {
  commit: string
  /** Ids of the files, by their paths. Neither links nor submodules are among them. */
  blobs: ReadonlyMap<string, string>
}

export async function readTree(run: Run, mirror: Mirror, commit: string): Promise<Tree> {
  const files = (await listTree(run, mirror, commit)).filter(isFile)
  return { commit, blobs: new Map(files.map(({ path, oid }) => [path, oid])) }
}

/**
 * A file of a commit; undefined where there is none, or it is a link. Without its text above the limit of bytes.
 */
export async function readFileAt(
  run: Run,
  mirror: Mirror,
  { commit, path, limitBytes }: { commit: string; path: string; limitBytes: number },
): Promise<{ text?: string } | undefined> {
  const listed = await listTree(run, mirror, commit, [path])
  const file = listed.find((entry) => entry.path === path && isFile(entry))
  if (file === undefined) return undefined
  const objects = { gitDir: mirror.dir, signal: run.signal }
  const size = (await sizesOf(objects, [file.oid])).get(file.oid)
  if (size === undefined || size > limitBytes) return {}
  const bytes = await git(['cat-file', 'blob', file.oid], { ...objects, limitBytes })
  return { text: bytes.toString('utf8') }
}

/** GitHub's `hashFiles`, of what is in the commit: empty where no path matches. */
export function hashFiles({ blobs }: Tree, patterns: readonly string[]): string {
  const found = new Set<string>()
  for (const written of patterns.flatMap((pattern) => pattern.split('\n'))) {
    const isNot = written.trim().startsWith('!')
    const pattern = written
      .trim()
      .replace(/^!/, '')
      .replace(/^\.?\//, '')
    if (pattern === '' || pattern.length > 1000) continue
    for (const path of blobs.keys()) {
      if (!matchesGlob(path, pattern)) continue
      if (isNot) found.delete(path)
      else found.add(path)
    }
  }
  if (found.size === 0) return ''
  const hash = createHash('sha256')
  for (const path of [...found].sort()) hash.update(`${path}\0${blobs.get(path)}\n`)
  return hash.digest('hex')
}
