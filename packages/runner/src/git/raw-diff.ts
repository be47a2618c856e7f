import { git } from './git.ts'
import type { Objects } from './read-objects.ts'

/** A line of git's raw diff format: https://git-scm.com/docs/diff-format. */
export interface RawChange {
  oldMode: string
  newMode: string
  oldId: string
  newId: string
  path: string
}

/** Reads what `git diff-… --raw -z --no-renames` printed; a line cut short at the end is dropped. */
export function parseRawDiff(output: Buffer): RawChange[] {
  const fields = output.toString('utf8').split('\0')
  const changes: RawChange[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const line = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) /.exec(fields[at] ?? '')
    const path = fields[at + 1]
    if (line === null || path === undefined) break
    const [, oldMode = '', newMode = '', oldId = '', newId = ''] = line
    changes.push({ oldMode, newMode, oldId, newId, path })
  }
  return changes
}

/** What changed from one commit to another. */
export async function changesBetween(
  objects: Objects,
  from: string,
  to: string,
): Promise<RawChange[]> {
  const form = ['-r', '--raw', '-z', '--no-renames', '--no-abbrev']
  return parseRawDiff(await git(['diff-tree', ...form, from, to], objects))
}

/** The mode of a commit within a tree: a submodule, or a repository within the repository. */
export const gitlinkMode = '160000'

/** Paths that became repositories of their own. A submodule that was there may well move on. */
export function newGitlinks(changes: readonly RawChange[]): string[] {
  return changes
    .filter(({ oldMode, newMode }) => newMode === gitlinkMode && oldMode !== gitlinkMode)
    .map(({ path }) => path)
}
