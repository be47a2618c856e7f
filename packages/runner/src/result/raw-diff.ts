/** A line of git's raw diff format: https://git-scm.com/docs/diff-format. */
export interface RawChange {
  oldMode: string
  newMode: string
  path: string
}

/** Reads what `git diff-… --raw -z --no-renames` printed; a line cut short at the end is dropped. */
export function parseRawDiff(output: Buffer): RawChange[] {
  const fields = output.toString('utf8').split('\0')
  const changes: RawChange[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, oldMode, newMode] = /^:(\d{6}) (\d{6}) /.exec(fields[at] ?? '') ?? []
    const path = fields[at + 1]
    if (oldMode === undefined || newMode === undefined || path === undefined) break
    changes.push({ oldMode, newMode, path })
  }
  return changes
}

/** The mode of a commit within a tree: a submodule, or a repository within the repository. */
const gitlink = '160000'

/** Paths that became repositories of their own. A submodule that was there may well move on. */
export function newGitlinks(output: Buffer): string[] {
  return parseRawDiff(output)
    .filter(({ oldMode, newMode }) => newMode === gitlink && oldMode !== gitlink)
    .map(({ path }) => path)
}
