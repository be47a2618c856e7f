import { createHash } from 'node:crypto'
import { matchesGlob } from 'node:path/posix'

import { git } from '../git/git.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'

/** The files of a commit, as the mirror has them: no checkout is asked. */
export interface Tree {
  commit: string
  /** Ids of the files, by their paths. Neither links nor submodules are among them. */
  blobs: ReadonlyMap<string, string>
}

/** Of a list with a line a file: over 200,000 files. */
const listLimitBytes = 64 * 1024 * 1024
const regularFile = /^100(644|755) blob ([0-9a-f]+)\t(.+)$/s

export async function readTree(run: Run, mirror: Mirror, commit: string): Promise<Tree> {
  const options = { gitDir: mirror.dir, signal: run.signal, limitBytes: listLimitBytes }
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', commit], options)
  const blobs = new Map<string, string>()
  for (const entry of listed.toString('utf8').split('\0')) {
    const [, , id, path] = regularFile.exec(entry) ?? []
    if (id !== undefined && path !== undefined) blobs.set(path, id)
  }
  return { commit, blobs }
}

/**
 * A file of a commit; undefined where there is none, or it is a link. Without its text above the limit of bytes.
 */
export async function readFileAt(
  run: Run,
  mirror: Mirror,
  { commit, path, limitBytes }: { commit: string; path: string; limitBytes: number },
): Promise<{ text?: string } | undefined> {
  const options = { gitDir: mirror.dir, signal: run.signal }
  const place = ['--', `:(literal)${path}`]
  const listed = await git(['ls-tree', '-z', '--full-tree', '--long', commit, ...place], options)
  const entry = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t/.exec(listed.toString('utf8'))
  const [, id, size] = entry ?? []
  if (id === undefined) return undefined
  if (Number(size) > limitBytes) return {}
  const bytes = await git(['cat-file', 'blob', id], { ...options, limitBytes })
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
