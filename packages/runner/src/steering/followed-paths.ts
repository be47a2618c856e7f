import { posix } from 'node:path'

import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import { steersAgents } from './steering-paths.ts'
import { isFile, readEntries, type TreeEntry } from '../mirror/tree.ts'

/** How many times a file may lead to a file. As deep as Claude Code goes. */
const mostSteps = 5

/**
 * Whether a path steers because what steers leads there: where its links point to, a folder with all in it, and
 * the Markdown that its Markdown brings in by `@path`, as Claude Code and Gemini CLI read it. Other files that
 * are named so are material: nobody writes in them what agents are to do.
 */
export async function followedPaths(
  run: Run,
  mirror: Mirror,
  tree: readonly TreeEntry[],
): Promise<(path: string) => boolean> {
  const linked = new Set<string>()
  const imported = new Set<string>()
  const isLinked = isWithin(linked)
  const isFollowed = (path: string): boolean => imported.has(path) || isLinked(path)
  let known = new Set<string>()
  let next = tree.filter(({ path }) => steersAgents(path))
  for (let step = 0; step < mostSteps && next.length > 0; step += 1) {
    const texts = await readEntries(run, mirror, next.filter(mayLead))
    for (const entry of next.filter(mayLead)) {
      const text = texts.get(entry.oid) ?? ''
      if (isLink(entry)) for (const path of within(entry, [text])) linked.add(path)
      else for (const path of within(entry, importsOf(text))) imported.add(path)
    }
    known = new Set([...known, ...next.map(({ path }) => path)])
    next = tree.filter(({ path }) => isFollowed(path) && !known.has(path))
  }
  return isFollowed
}

/** Whether a path is one of these, or below one. */
export function isWithin(paths: ReadonlySet<string>): (path: string) => boolean {
  return (path) => {
    for (let at = path; at !== '.'; at = posix.dirname(at)) if (paths.has(at)) return true
    return false
  }
}

function mayLead(entry: TreeEntry): boolean {
  return isLink(entry) || (isFile(entry) && /\.md$/i.test(entry.path))
}

function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000'
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)@([\w./-]+\.mdc?)\b/gi)].map(([, target]) => target ?? '')
}

/** Targets within the tree; what leads out of it is there for nobody. */
function within({ path }: TreeEntry, targets: readonly string[]): string[] {
  return targets
    .map((target) => posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, ''))
    .filter((target) => target !== '.' && !target.startsWith('..'))
}
