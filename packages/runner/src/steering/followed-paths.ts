import { posix } from 'node:path'

import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import { steersAgents } from './steering-paths.ts'
import { isFile, readEntries, type TreeEntry } from './trusted-tree.ts'

/** How many times a file may lead to a file. As deep as Claude Code goes. */
const mostSteps = 5

/**
 * What else steers, because what steers leads there: where its links point to, and what its Markdown brings
 * in by `@path`, as Claude Code and Gemini CLI read it. Folders stand for all in them.
 */
export async function followedPaths(
  run: Run,
  mirror: Mirror,
  tree: readonly TreeEntry[],
): Promise<Set<string>> {
  const followed = new Set<string>()
  let next = tree.filter(({ path }) => steersAgents(path))
  for (let step = 0; step < mostSteps && next.length > 0; step += 1) {
    const sources = next.filter((entry) => isLink(entry) || isMarkdown(entry))
    const texts = await readEntries(run, mirror, sources)
    const found = sources
      .flatMap((entry) => targetsOf(entry, texts.get(entry.oid) ?? ''))
      .filter((path) => !followed.has(path))
    for (const path of found) followed.add(path)
    const isFound = isWithin(new Set(found))
    next = tree.filter(({ path }) => isFound(path))
  }
  return followed
}

/** Whether a path is one of these, or below one. */
export function isWithin(paths: ReadonlySet<string>): (path: string) => boolean {
  return (path) => {
    for (let at = path; at !== '.'; at = posix.dirname(at)) if (paths.has(at)) return true
    return false
  }
}

function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000'
}

function isMarkdown(entry: TreeEntry): boolean {
  return isFile(entry) && /\.md$/i.test(entry.path)
}

/** Within the tree; what leads out of it is there for nobody. */
function targetsOf(entry: TreeEntry, text: string): string[] {
  const targets = isLink(entry)
    ? [text]
    : [...text.matchAll(/(?:^|\s)@([\w./-]*\w)/g)].map(([, target]) => target ?? '')
  return targets
    .map((target) => posix.normalize(posix.join(posix.dirname(entry.path), target)))
    .map((path) => path.replace(/\/$/, ''))
    .filter((path) => path !== '.' && !path.startsWith('..') && !path.startsWith('/'))
}
